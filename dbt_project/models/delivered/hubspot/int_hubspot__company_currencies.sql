select
    source_name,
    max_by(company_currency, (load_id, ordinal)) as company_currency
from {{ ref('stg_hubspot__account') }}
where quarantine is null and not is_absent
group by source_name
