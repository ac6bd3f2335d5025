with flows as (
    select
        month_start, entity_type, pipeline, to_stage as stage,
        sum(changes) as entered, 0 as left_it,
        0 as advanced, 0 as regressed, 0 as won, 0 as lost, 0 as moved, 0 as removed
    from {{ ref('int_stage_changes') }}
    where is_entry
    group by all
    union all
    select
        month_start, entity_type, from_pipeline as pipeline, from_stage as stage,
        0 as entered, sum(changes) as left_it,
        coalesce(sum(changes) filter (where way_out = 'advanced'), 0) as advanced,
        coalesce(sum(changes) filter (where way_out = 'regressed'), 0) as regressed,
        coalesce(sum(changes) filter (where way_out = 'won'), 0) as won,
        coalesce(sum(changes) filter (where way_out = 'lost'), 0) as lost,
        coalesce(sum(changes) filter (where way_out = 'moved'), 0) as moved,
        coalesce(sum(changes) filter (where way_out = 'removed'), 0) as removed
    from {{ ref('int_stage_changes') }}
    where is_exit
    group by all
),

-- Every month from the first entry into a stage on, so that each closing has its opening.
months as (
    select
        entity_type, pipeline, stage,
        unnest(generate_series(
            min(month_start)::timestamp, {{ setting('as_of') }}::timestamp, interval 1 month
        ))::date as month_start
    from flows
    group by entity_type, pipeline, stage
),

monthly as (
    select
        months.month_start,
        months.entity_type,
        months.pipeline,
        months.stage,
        coalesce(sum(flows.entered), 0)::bigint as entered,
        coalesce(sum(flows.advanced), 0)::bigint as advanced,
        coalesce(sum(flows.regressed), 0)::bigint as regressed,
        coalesce(sum(flows.won), 0)::bigint as won,
        coalesce(sum(flows.lost), 0)::bigint as lost,
        coalesce(sum(flows.moved), 0)::bigint as moved,
        coalesce(sum(flows.removed), 0)::bigint as removed,
        coalesce(sum(flows.entered - flows.left_it), 0)::bigint as gained
    from months
    left join flows
        on months.month_start = flows.month_start
        and months.entity_type = flows.entity_type
        and months.pipeline = flows.pipeline
        and months.stage = flows.stage
    group by all
),

balanced as (
    select
        *,
        (sum(gained) over (
            partition by entity_type, pipeline, stage order by month_start
            rows unbounded preceding
        ))::bigint as closing
    from monthly
),

positions as (
    select entity_type, pipeline, stage, min(position) as stage_position
    from {{ ref('dim_stage') }}
    group by all
)

select
    balanced.month_start,
    balanced.entity_type,
    balanced.pipeline,
    balanced.stage,
    positions.stage_position,
    balanced.closing - balanced.gained as opening,
    balanced.entered,
    balanced.advanced,
    balanced.regressed,
    balanced.won,
    balanced.lost,
    balanced.moved,
    balanced.removed,
    balanced.closing
from balanced
left join positions
    on balanced.entity_type = positions.entity_type
    and balanced.pipeline = positions.pipeline
    and balanced.stage = positions.stage
order by
    balanced.month_start, balanced.entity_type desc, balanced.pipeline,
    positions.stage_position, balanced.stage
