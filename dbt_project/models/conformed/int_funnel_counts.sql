-- The funnel's counts by cohort month (null: all time) and dimension, and the days after which they
-- came about: all that the rates in `mart_funnel_conversion` need.
--
-- Counted once by owner, lead source, region and source; the other dimensions and all time are sums
-- of these counts. Days beyond the horizon do not matter, so they are counted as the day after it.
with steps as (
    select
        cohort_month,
        step_number,
        least(days, {{ setting('conversion_horizon_days') }} + 1)::integer as days,
        owner_key,
        lead_source,
        region,
        source_name,
        outcome,
        entered_touched,
        is_touched
    from {{ ref('int_funnel_steps') }}
),

counted as (
    select
        cohort_month,
        step_number,
        days,
        owner_key,
        lead_source,
        region,
        source_name,
        count(*) filter (where outcome = 'reached')::integer as reached,
        count(*) filter (where outcome = 'lost')::integer as lost,
        count(*) filter (where outcome = 'removed')::integer as removed,
        count(*) filter (where outcome = 'still_open')::integer as still_open,
        count(*) filter (where entered_touched)::integer as entered_touched,
        count(*) filter (where is_touched)::integer as touched
    from steps
    group by
        grouping sets (
            (cohort_month, step_number, days, owner_key),
            (cohort_month, step_number, days, lead_source),
            (cohort_month, step_number, days, region),
            (cohort_month, step_number, days, source_name)
        )
),

by_month as (
    select
        cohort_month, step_number, days,
        case
            when owner_key is not null then 'owner'
            when lead_source is not null then 'lead_source'
            when region is not null then 'region'
            else 'source_name'
        end as dimension,
        coalesce(owner_key, lead_source, region, source_name) as dimension_value,
        reached, lost, removed, still_open, entered_touched, touched
    from counted
    union all
    select
        counted.cohort_month, counted.step_number, counted.days,
        'team' as dimension,
        coalesce(owners.team, 'unknown') as dimension_value,
        sum(counted.reached)::integer as reached,
        sum(counted.lost)::integer as lost,
        sum(counted.removed)::integer as removed,
        sum(counted.still_open)::integer as still_open,
        sum(counted.entered_touched)::integer as entered_touched,
        sum(counted.touched)::integer as touched
    from counted
    left join {{ ref('dim_owner') }} as owners on counted.owner_key = owners.owner_key
    where counted.owner_key is not null
    group by all
    union all
    select
        cohort_month, step_number, days,
        whole.dimension,
        -- A step is of one pipeline.
        'all' as dimension_value,
        sum(reached)::integer as reached,
        sum(lost)::integer as lost,
        sum(removed)::integer as removed,
        sum(still_open)::integer as still_open,
        sum(entered_touched)::integer as entered_touched,
        sum(touched)::integer as touched
    from counted
    cross join (values ('all'), ('pipeline')) as whole (dimension)
    where source_name is not null
    group by all
),

by_day as (
    select * from by_month
    union all
    select
        null as cohort_month, step_number, days, dimension, dimension_value,
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
        dimension_value,
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
        when 'pipeline' then step_names.pipeline
        else summed.dimension_value
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
