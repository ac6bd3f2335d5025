with stays as (
    -- One row a visit to a stage: from its entry to the next change of stage.
    select
        entity_type,
        entity_key,
        source_name,
        pipeline,
        to_stage as stage,
        to_category,
        owner_key,
        transitioned_at as entered_at,
        lead(transitioned_at) over (
            partition by entity_type, entity_key order by entity_sequence
        ) as left_at
    from {{ ref('fct_stage_transitions') }}
    where transition_type not in ('deleted', 'merged', 'restored')
),

placed as (
    select
        stays.*,
        owners.team,
        coalesce(deals.lead_source, leads.lead_source) as lead_source,
        coalesce(deals.region, leads.region) as region,
        case
            when stays.left_at is not null
                then {{ microseconds_between('stays.entered_at', 'stays.left_at') }}
        end as stay,
        case
            when stays.left_at is null
                then {{ microseconds_between('stays.entered_at', day_end(setting('as_of'))) }}
        end as open_age
    from stays
    left join {{ ref('dim_owner') }} as owners on stays.owner_key = owners.owner_key
    left join {{ ref('fct_deals') }} as deals
        on stays.entity_type = 'deal' and stays.entity_key = deals.deal_key
    left join {{ ref('fct_leads') }} as leads
        on stays.entity_type = 'lead' and stays.entity_key = leads.lead_key
    where stays.to_category = 'open'
        -- Who was removed ended no visit, and is in no stage either.
        and (stays.left_at is not null or not coalesce(deals.is_deleted, leads.is_deleted, false))
),

measured as (
    select
        entity_type,
        pipeline,
        stage,
        dimension,
        dimension_value,
        count(stay) as visits,
        {{ as_days('sum(stay)::double / nullif(count(stay), 0)') }} as mean_days,
        -- One sort for both.
        {{ as_days('quantile_cont(stay, [0.5, 0.9])[1]') }} as median_days,
        {{ as_days('quantile_cont(stay, [0.5, 0.9])[2]') }} as p90_days,
        count(open_age) as open_deals,
        {{ as_days('median(open_age)') }} as median_open_age_days
    from {{ by_dimension('placed') }}
    group by all
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
