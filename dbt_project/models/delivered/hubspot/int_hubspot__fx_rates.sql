-- HubSpot tells units of the account's currency for one of the other.
select
    * exclude (record_id, file, line, effective_at, conversion_rate, quarantine, quarantined_payload),
    timezone('UTC', effective_at)::date as rate_date,
    1 / conversion_rate as rate,
    'crm' as rate_source,
    true as holds_until_next
from {{ ref('stg_hubspot__exchange_rates') }}
where quarantine is null
