{{ config(severity='warn') }}
-- A returned row is a lead with a conversion date whose status does not mean converted.
select leads.lead_key, leads.pipeline, leads.status, leads.converted_at, leads.deal_key
from {{ ref('fct_leads') }} as leads
left join {{ ref('dim_stage') }} as stages
    on leads.source_name = stages.source_name
    and stages.entity_type = 'lead'
    and leads.pipeline = stages.pipeline
    and leads.status = stages.stage
where leads.converted_at is not null and stages.category is distinct from 'won'
