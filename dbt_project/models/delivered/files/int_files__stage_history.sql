select
    * exclude (quarantine, quarantined_payload),
    try_cast(event_id as bigint) as event_number,
    false as is_inferred
from {{ ref('stg_files__stage_history') }}
where quarantine is null
