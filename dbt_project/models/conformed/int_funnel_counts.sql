-- The funnel's counts by cohort month (null: all time) and dimension; rates are computed from
-- them in `mart_funnel_conversion`.
with steps as (
    select
        steps.* exclude (source_name),
        steps.source_name,
        coalesce(deals.owner_key, leads.owner_key) as owner_key,
        owners.team,
        coalesce(deals.lead_source, leads.lead_source) as lead_source,
        coalesce(deals.region, leads.region) as region
    from {{ ref('int_funnel_steps') }} as steps
    left join {{ ref('fct_deals') }} as deals
        on steps.entity_type = 'deal' and steps.entity_key = deals.deal_key
    left join {{ ref('fct_leads') }} as leads
        on steps.entity_type = 'lead' and steps.entity_key = leads.lead_key
    left join {{ ref('dim_owner') }} as owners
        on coalesce(deals.owner_key, leads.owner_key) = owners.owner_key
)

select
    cohort_month,
    dimension,
    dimension_value,
    entity_type,
    pipeline,
    from_stage,
    to_stage,
    min(from_position) as from_position,
    count(*) as entered,
    count(*) filter (where entered_touched) as entered_touched,
    count(*) filter (where is_reached) as reached,
    count(*) filter (where is_touched) as touched,
    count(*) filter (where is_lost) as lost,
    count(*) filter (where is_still_open) as still_open,
    count(*) filter (where is_removed) as removed
from {{ by_dimension('steps') }}
group by grouping sets (
    (cohort_month, dimension, dimension_value, entity_type, pipeline, from_stage, to_stage),
    (dimension, dimension_value, entity_type, pipeline, from_stage, to_stage)
)
