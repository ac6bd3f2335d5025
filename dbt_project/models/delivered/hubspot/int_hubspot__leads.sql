-- HubSpot has no date of conversion: a lead is converted when it enters a stage that says so. Where
-- a lead became several deals, the oldest id stands for them.
with deals as (
    select source_name, lead_id, min_by(deal_id, (length(deal_id), deal_id)) as converted_deal_id
    from {{ ref('stg_hubspot__lead_deals') }}
    where quarantine is null and not is_absent
    group by all
)

select
    leads.* exclude (record_id, file, line, is_contact, merged_ids, quarantine, quarantined_payload),
    deals.converted_deal_id
from {{ ref('stg_hubspot__leads') }} as leads
left join deals using (source_name, lead_id)
where leads.quarantine is null
