-- A converted lead keeps the status that it had; that it was converted counts.
select
    leads.source_name,
    leads.load_id,
    leads.ordinal,
    leads.known_at,
    leads.is_first_extraction,
    leads.extracted_at,
    leads.is_absent,
    leads.lead_id,
    'main' as pipeline,
    case when leads.is_converted then 'converted' else coalesce(names.stage, leads.status_label, 'none') end
        as status,
    leads.created_at,
    leads.converted_at,
    leads.updated_at,
    leads.converted_deal_id,
    leads.owner_id,
    leads.lead_source,
    false as is_deleted
from {{ ref('stg_zoho__leads') }} as leads
left join {{ ref('int_zoho__stage_names') }} as names
    on leads.source_name = names.source_name
    and names.entity_type = 'lead'
    and leads.status_label = names.name
where leads.quarantine is null
