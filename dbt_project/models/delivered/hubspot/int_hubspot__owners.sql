select
    * exclude (record_id, file, line, teams, quarantine, quarantined_payload),
    coalesce(list_filter(teams, lambda t: t."primary")[1], teams[1]).name as team
from {{ ref('stg_hubspot__owners') }}
where quarantine is null
