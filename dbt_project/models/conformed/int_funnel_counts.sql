-- The funnel's counts by cohort month (null: all time) and dimension, and the days after which they
-- came about: all that the rates in `mart_funnel_conversion` need.
--
-- Counted once by owner, lead source, region and source, over few small keys; the other dimensions
-- and all time are sums of these counts. Days beyond the horizon do not matter, so they are counted
-- as the day after it.
with entities as (
    select
        'deal' as entity_type, deal_key as entity_key,
        coalesce(owner_key, 'unknown') as owner_key,
        coalesce(lead_source, 'unknown') as lead_source,
        coalesce(region, 'unknown') as region
    from {{ ref('fct_deals') }}
    union all
    select
        'lead' as entity_type, lead_key as entity_key,
        coalesce(owner_key, 'unknown') as owner_key,
        coalesce(lead_source, 'unknown') as lead_source,
        coalesce(region, 'unknown') as region
    from {{ ref('fct_leads') }}
),

owners as (
    select
        owner_key,
        team,
        row_number() over (order by owner_key)::integer as owner_number,
        dense_rank() over (order by team)::integer as team_number
    from (
        select distinct entities.owner_key, coalesce(owners.team, 'unknown') as team
        from entities
        left join {{ ref('dim_owner') }} as owners on entities.owner_key = owners.owner_key
    )
),

lead_sources as (
    select lead_source, row_number() over (order by lead_source)::integer as lead_source_number
    from (select distinct lead_source from entities)
),

regions as (
    select region, row_number() over (order by region)::integer as region_number
    from (select distinct region from entities)
),

sources as (
    select source_name, row_number() over (order by source_name)::integer as source_number
    from (select distinct source_name from {{ ref('int_funnel_step_list') }})
),

numbered as (
    select
        entities.entity_type, entities.entity_key,
        owners.owner_number, lead_sources.lead_source_number, regions.region_number
    from entities
    inner join owners on entities.owner_key = owners.owner_key
    inner join lead_sources on entities.lead_source = lead_sources.lead_source
    inner join regions on entities.region = regions.region
),

step_list as (
    select list.*, sources.source_number
    from {{ ref('int_funnel_step_list') }} as list
    inner join sources on list.source_name = sources.source_name
),

steps as (
    select
        steps.cohort_month,
        step_list.step_number,
        step_list.source_number,
        numbered.owner_number,
        numbered.lead_source_number,
        numbered.region_number,
        steps.outcome,
        steps.entered_touched,
        steps.is_touched,
        least(steps.days, {{ setting('conversion_horizon_days') }} + 1)::integer as days
    from {{ ref('int_funnel_steps') }} as steps
    inner join step_list
        on steps.source_name = step_list.source_name
        and steps.entity_type = step_list.entity_type
        and steps.pipeline = step_list.pipeline
        and steps.open_rank = step_list.open_rank
        and steps.to_rank is not distinct from step_list.to_rank
    inner join numbered
        on steps.entity_type = numbered.entity_type and steps.entity_key = numbered.entity_key
),

counted as (
    select
        cohort_month,
        step_number,
        days,
        owner_number,
        lead_source_number,
        region_number,
        source_number,
        count(*) filter (where outcome = 'reached')::integer as reached,
        count(*) filter (where outcome = 'lost')::integer as lost,
        count(*) filter (where outcome = 'removed')::integer as removed,
        count(*) filter (where outcome = 'still_open')::integer as still_open,
        count(*) filter (where entered_touched)::integer as entered_touched,
        count(*) filter (where is_touched)::integer as touched
    from steps
    group by
        grouping sets (
            (cohort_month, step_number, days, owner_number),
            (cohort_month, step_number, days, lead_source_number),
            (cohort_month, step_number, days, region_number),
            (cohort_month, step_number, days, source_number)
        )
),

by_month as (
    select
        cohort_month, step_number, days,
        case
            when owner_number is not null then 'owner'
            when lead_source_number is not null then 'lead_source'
            when region_number is not null then 'region'
            else 'source_name'
        end as dimension,
        coalesce(owner_number, lead_source_number, region_number, source_number) as value_number,
        reached, lost, removed, still_open, entered_touched, touched
    from counted
    union all
    select
        counted.cohort_month, counted.step_number, counted.days,
        'team' as dimension,
        owners.team_number as value_number,
        sum(counted.reached)::integer as reached,
        sum(counted.lost)::integer as lost,
        sum(counted.removed)::integer as removed,
        sum(counted.still_open)::integer as still_open,
        sum(counted.entered_touched)::integer as entered_touched,
        sum(counted.touched)::integer as touched
    from counted
    inner join owners on counted.owner_number = owners.owner_number
    group by all
    union all
    select
        cohort_month, step_number, days,
        whole.dimension,
        0 as value_number,
        sum(reached)::integer as reached,
        sum(lost)::integer as lost,
        sum(removed)::integer as removed,
        sum(still_open)::integer as still_open,
        sum(entered_touched)::integer as entered_touched,
        sum(touched)::integer as touched
    from counted
    cross join (values ('all'), ('pipeline')) as whole (dimension)
    where source_number is not null
    group by all
),

by_day as (
    select * from by_month
    union all
    select
        null as cohort_month, step_number, days, dimension, value_number,
        sum(reached)::integer as reached,
        sum(lost)::integer as lost,
        sum(removed)::integer as removed,
        sum(still_open)::integer as still_open,
        sum(entered_touched)::integer as entered_touched,
        sum(touched)::integer as touched
    from by_month
    group by all
),

summed as (
    select
        cohort_month,
        dimension,
        value_number,
        step_number,
        sum(reached + lost + removed + still_open)::bigint as entered,
        sum(entered_touched)::bigint as entered_touched,
        sum(reached)::bigint as reached,
        sum(touched)::bigint as touched,
        sum(lost)::bigint as lost,
        sum(still_open)::bigint as still_open,
        sum(removed)::bigint as removed,
        list({
            days: days, reached: reached, ended: lost + removed, still_open: still_open
        }) as by_day
    from by_day
    group by all
),

dimension_values as (
    select 'owner' as dimension, owner_number as value_number, owner_key as dimension_value
    from owners
    union all
    select distinct 'team' as dimension, team_number as value_number, team as dimension_value
    from owners
    union all
    select 'lead_source' as dimension, lead_source_number as value_number, lead_source as dimension_value
    from lead_sources
    union all
    select 'region' as dimension, region_number as value_number, region as dimension_value
    from regions
    union all
    select 'source_name' as dimension, source_number as value_number,
        source_name as dimension_value
    from sources
),

step_names as (
    select
        step_number, entity_type, pipeline, from_stage, to_stage,
        min(from_position) as from_position
    from {{ ref('int_funnel_step_list') }}
    group by all
)

select
    summed.cohort_month,
    summed.dimension,
    case summed.dimension
        when 'all' then 'all'
        when 'pipeline' then step_names.pipeline
        else dimension_values.dimension_value
    end as dimension_value,
    step_names.entity_type,
    step_names.pipeline,
    step_names.from_stage,
    step_names.to_stage,
    step_names.from_position,
    summed.entered,
    summed.entered_touched,
    summed.reached,
    summed.touched,
    summed.lost,
    summed.still_open,
    summed.removed,
    summed.by_day
from summed
inner join step_names on summed.step_number = step_names.step_number
left join dimension_values
    on summed.dimension = dimension_values.dimension
    and summed.value_number = dimension_values.value_number
