-- How long deals stayed in each open stage and where they went, as counts by whole days, rounded
-- up: to another stage of the pipeline, `(won)`, `(gone)` for lost, removed or moved away, or
-- `(open)` for those that are still there at `as_of`.
with steps as (
    select
        entity_key,
        pipeline,
        to_stage,
        to_category,
        transition_type,
        transitioned_at,
        lead(transitioned_at) over onward as left_at,
        lead(pipeline) over onward as next_pipeline,
        lead(to_stage) over onward as next_stage,
        lead(to_category) over onward as next_category,
        lead(transition_type) over onward as next_type
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and transition_type <> 'restored'
    window onward as (partition by entity_key order by entity_sequence)
),

stays as (
    select
        pipeline,
        to_stage as stage,
        case
            when left_at is null then '(open)'
            when next_type in ('deleted', 'merged') or next_pipeline <> pipeline then '(gone)'
            when next_category = 'won' then '(won)'
            when next_category = 'lost' then '(gone)'
            else next_stage
        end as next_state,
        greatest(ceil(
            {{ microseconds_between('transitioned_at', 'ended_at') }} / 86400000000.0
        ), 1)::integer as days
    from (
        select
            *,
            coalesce(left_at, {{ day_end(setting('as_of')) }}) as ended_at
        from steps
    )
    where to_category = 'open' and transition_type not in ('deleted', 'merged')
)

select
    pipeline,
    stage,
    next_state,
    days,
    count(*) as deals
from stays
group by all
order by all
