select * exclude (record_id, file, line, quarantine, quarantined_payload)
from {{ ref('stg_zoho__users') }}
where quarantine is null
