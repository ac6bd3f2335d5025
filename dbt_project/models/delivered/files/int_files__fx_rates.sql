select
    * exclude (quarantine, quarantined_payload),
    'delivered' as rate_source,
    false as holds_until_next
from {{ ref('stg_files__fx_rates') }}
where quarantine is null
