-- The funnel's counts by cohort month (null: all time) and dimension, and the days after which they
-- came about: all that the rates in `mart_funnel_conversion` need.
--
-- Counted once by owner, lead source, region and source; the other dimensions and all time are sums
-- of these counts. Days beyond the horizon do not matter, so they are counted as the day after it.
-- Dimensions and their values are numbers until the end: millions of rows are grouped by them.
{%- set columns = ['reached', 'lost', 'removed', 'still_open', 'entered_touched', 'touched'] %}
{%- set sums %}
    {%- for column in columns %}
        sum({{ column }})::integer as {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endset %}
with combinations as (
    select
        passes.*,
        coalesce(owners.team, 'unknown') as team
    from (
        select distinct owner_key, lead_source, region, source_name
        from {{ ref('int_funnel_passes') }}
    ) as passes
    left join {{ ref('dim_owner') }} as owners on passes.owner_key = owners.owner_key
),

numbered as (
    select
        *
        {%- for column in ['owner_key', 'lead_source', 'region', 'source_name', 'team'] %},
        dense_rank() over (order by {{ column }})::uinteger as {{ column }}_number
        {%- endfor %}
    from combinations
),

places as (
    {%- for dimension, column in [
        ('owner', 'owner_key'), ('lead_source', 'lead_source'), ('region', 'region'),
        ('source_name', 'source_name'), ('team', 'team'),
    ] %}
    select distinct
        {{ loop.index }}::utinyint as dimension_number,
        {{ column }}_number as value_number,
        '{{ dimension }}' as dimension,
        {{ column }} as dimension_value
    from numbered
    union all
    {%- endfor %}
    values (6, 0, 'all', 'all'), (6, 0, 'pipeline', null)
),

steps as (
    select
        steps.cohort_month,
        steps.step_number,
        least(steps.days, {{ setting('conversion_horizon_days') }} + 1)::integer as days,
        numbered.owner_key_number,
        numbered.lead_source_number,
        numbered.region_number,
        numbered.source_name_number,
        steps.outcome,
        steps.entered_touched,
        steps.is_touched
    from {{ ref('int_funnel_steps') }} as steps
    inner join numbered using (owner_key, lead_source, region, source_name)
),

counted as (
    select
        cohort_month,
        step_number,
        days,
        owner_key_number,
        lead_source_number,
        region_number,
        source_name_number,
        {%- for outcome in columns[:4] %}
        count(*) filter (where outcome = '{{ outcome }}')::integer as {{ outcome }},
        {%- endfor %}
        count(*) filter (where entered_touched)::integer as entered_touched,
        count(*) filter (where is_touched)::integer as touched
    from steps
    group by
        grouping sets (
            (cohort_month, step_number, days, owner_key_number),
            (cohort_month, step_number, days, lead_source_number),
            (cohort_month, step_number, days, region_number),
            (cohort_month, step_number, days, source_name_number)
        )
),

by_month as (
    select
        cohort_month,
        step_number,
        days,
        case
            when owner_key_number is not null then 1
            when lead_source_number is not null then 2
            when region_number is not null then 3
            else 4
        end::utinyint as dimension_number,
        coalesce(
            owner_key_number, lead_source_number, region_number, source_name_number
        ) as value_number,
        {{ columns | join(', ') }}
    from counted
    union all
    select
        counted.cohort_month, counted.step_number, counted.days,
        5::utinyint as dimension_number,
        owners.team_number as value_number,
        {{- sums }}
    from counted
    inner join (select distinct owner_key_number, team_number from numbered) as owners
        on counted.owner_key_number = owners.owner_key_number
    group by all
    union all
    select
        cohort_month, step_number, days,
        6::utinyint as dimension_number,
        0::uinteger as value_number,
        {{- sums }}
    from counted
    where source_name_number is not null
    group by all
),

by_day as (
    select * from by_month
    union all
    select
        null as cohort_month, step_number, days, dimension_number, value_number,
        {{- sums }}
    from by_month
    group by all
),

summed as (
    select
        cohort_month,
        dimension_number,
        value_number,
        step_number,
        sum(reached + lost + removed + still_open)::bigint as entered,
        {%- for column in columns %}
        sum({{ column }})::bigint as {{ column }},
        {%- endfor %}
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
    places.dimension,
    -- A step is of one pipeline.
    case places.dimension
        when 'pipeline' then step_names.pipeline
        else places.dimension_value
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
inner join places
    on summed.dimension_number = places.dimension_number
    and summed.value_number = places.value_number
inner join step_names on summed.step_number = step_names.step_number
