with placed as (
    select
        visits.entity_type,
        visits.source_name,
        visits.pipeline,
        visits.stage,
        coalesce(visits.owner_key, 'unknown') as owner_key,
        coalesce(owners.team, 'unknown') as team,
        coalesce(visits.lead_source, 'unknown') as lead_source,
        coalesce(visits.region, 'unknown') as region,
        case
            when visits.left_at is not null
                then {{ microseconds_between('visits.entered_at', 'visits.left_at') }}
        end as stay,
        case
            when visits.left_at is null
                then {{ microseconds_between('visits.entered_at', day_end(setting('as_of'))) }}
        end as open_age
    from {{ ref('int_stage_visits') }} as visits
    left join {{ ref('dim_owner') }} as owners on visits.owner_key = owners.owner_key
    -- Who was removed ended no visit, and is in no stage either.
    where visits.left_at is not null or not visits.is_deleted
),

-- Grouped without laying every visit out by dimension first: that would put aside many times the
-- visits' size before a quantile is known.
grouped as (
    select
        entity_type,
        pipeline,
        stage,
        {{ places_of_set() }} as places,
        count(stay) as visits,
        sum(stay)::double / nullif(count(stay), 0) as mean_stay,
        -- One sort for both.
        quantile_cont(stay, [0.5, 0.9]) as stays,
        count(open_age) as open_deals,
        median(open_age) as median_open_age
    from placed
    group by {{ sets_by_dimension(['entity_type', 'pipeline', 'stage']) }}
),

measured as (
    select
        entity_type,
        pipeline,
        stage,
        place.dimension as dimension,
        place.value as dimension_value,
        visits,
        {{ as_days('mean_stay') }} as mean_days,
        {{ as_days('stays[1]') }} as median_days,
        {{ as_days('stays[2]') }} as p90_days,
        open_deals,
        {{ as_days('median_open_age') }} as median_open_age_days
    from (
        select grouped.*, unnest(places) as place from grouped
    )
),

positions as (
    select entity_type, pipeline, stage, min(position) as position
    from {{ ref('dim_stage') }}
    group by all
)

select
    measured.*,
    positions.position as stage_position,
    -- The stage whose finished visits typically last longest, where there are enough to tell.
    coalesce(
        measured.visits >= 5
        and row_number() over (
            partition by
                measured.entity_type, measured.pipeline, measured.dimension,
                measured.dimension_value, measured.visits >= 5
            order by measured.median_days desc nulls last, positions.position, measured.stage
        ) = 1,
        false
    ) as is_bottleneck
from measured
left join positions using (entity_type, pipeline, stage)
order by
    measured.entity_type, measured.pipeline, measured.dimension, measured.dimension_value,
    positions.position, measured.stage
