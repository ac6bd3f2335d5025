-- A lead that names its opportunity has been converted, whatever its status is called; nothing
-- tells when, so the conversion is seen when the lead changed.
select
    leads.* exclude (record_id, file, line, status, deal_id, quarantine, quarantined_payload),
    record_id as lead_id,
    'leads' as pipeline,
    case when deal_id is not null then 'converted' else status end as status,
    deal_id as converted_deal_id,
    false as is_deleted
from {{ ref('stg_neocrm__leads') }} as leads
where quarantine is null
