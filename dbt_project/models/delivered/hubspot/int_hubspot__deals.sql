-- Where several leads became one deal, the oldest id stands for them.
with leads as (
    select source_name, deal_id, min_by(lead_id, (length(lead_id), lead_id)) as lead_id
    from {{ ref('stg_hubspot__lead_deals') }}
    where quarantine is null and not is_absent
    group by all
)

select
    deals.* exclude (record_id, file, line, closedate, merged_ids, quarantine, quarantined_payload)
    replace (coalesce(deals.currency, account.company_currency) as currency),
    deals.closedate as expected_close_date,
    leads.lead_id
from {{ ref('stg_hubspot__deals') }} as deals
left join leads using (source_name, deal_id)
left join {{ ref('int_hubspot__company_currencies') }} as account using (source_name)
where deals.quarantine is null
