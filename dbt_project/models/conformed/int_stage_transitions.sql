-- The changes of stage, in order, with what they mean; amounts and owners are joined later.
with ordered as (
    select
        *,
        row_number() over (
            partition by entity_type, entity_key order by {{ event_order() }}
        ) as event_order
    from {{ ref('int_stage_events') }}
),

-- A row that repeats the stage tells of another field; it is no change of stage.
changes as (
    select * from ordered
    where kind = 'stage'
    qualify coalesce(
        (pipeline, stage) <> lag((pipeline, stage)) over (
            partition by entity_type, entity_key order by event_order
        ),
        true
    )
    union all
    select * from ordered
    where kind <> 'stage'
),

placed as (
    select
        * replace (
            -- A removal leaves the stage where it is.
            coalesce(pipeline, last_value(pipeline ignore nulls) over past) as pipeline,
            coalesce(stage, last_value(stage ignore nulls) over past) as stage
        )
    from changes
    window past as (
        partition by entity_type, entity_key order by event_order
        rows between unbounded preceding and 1 preceding
    )
),

described as (
    select
        placed.*,
        list.category,
        list.open_rank
    from placed
    inner join {{ ref('int_stage_list') }} as list
        on placed.source_name = list.source_name
        and placed.entity_type = list.entity_type
        and placed.pipeline = list.pipeline
        and placed.stage = list.stage
),

compared as (
    select
        *,
        row_number() over sequence as entity_sequence,
        lag(pipeline) over sequence as from_pipeline,
        lag(stage) over sequence as from_stage,
        lag(category) over sequence as from_category,
        lag(open_rank) over sequence as from_rank,
        -- When the present stage was entered; removals and restorations do not enter it anew.
        last_value(case when kind = 'stage' then happened_at end ignore nulls) over earlier
            as from_entered_at,
        count(*) filter (where kind = 'stage') over visits as visit_number
    from described
    window
        sequence as (partition by entity_type, entity_key order by event_order),
        earlier as (
            partition by entity_type, entity_key order by event_order
            rows between unbounded preceding and 1 preceding
        ),
        visits as (
            partition by entity_type, entity_key, pipeline, stage order by event_order
            rows unbounded preceding
        )
),

stage_counts as (
    select source_name, entity_type, pipeline, max(open_rank) as open_stages
    from {{ ref('int_stage_list') }}
    group by all
),

measured as (
    select
        compared.*,
        case
            when kind <> 'stage' then 0
            when from_stage is not null and from_pipeline <> compared.pipeline then 0
            when from_category <> 'open' or category = 'lost' then 0
            when category = 'won' then stage_counts.open_stages - coalesce(from_rank, 0)
            else greatest(open_rank - coalesce(from_rank, 0) - 1, 0)
        end as stages_skipped
    from compared
    left join stage_counts
        on compared.source_name = stage_counts.source_name
        and compared.entity_type = stage_counts.entity_type
        and compared.pipeline = stage_counts.pipeline
)

select
    md5(concat_ws(
        '|', entity_type, entity_key, kind, pipeline, stage, epoch_us(happened_at),
        row_number() over (
            partition by entity_type, entity_key, kind, pipeline, stage, happened_at order by event_order
        )
    )) as transition_id,
    entity_type,
    entity_key,
    entity_sequence,
    source_name,
    pipeline,
    from_pipeline,
    from_stage,
    stage as to_stage,
    from_category,
    category as to_category,
    case
        when kind <> 'stage' then kind
        when from_stage is null then 'created'
        when entity_type = 'lead' and category = 'won' then 'converted'
        when entity_type = 'lead' and category = 'lost' then 'disqualified'
        when from_pipeline <> pipeline then 'moved'
        when from_category = 'open' and category = 'won' then 'won'
        when from_category = 'open' and category = 'lost' then 'lost'
        when from_category <> 'open' and category = 'open' then 'reopened'
        when from_category <> 'open' then 'closed_change'
        when open_rank > from_rank + 1 then 'skipped'
        when open_rank > from_rank then 'advanced'
        else 'regressed'
    end as transition_type,
    kind = 'stage' and category <> 'open' and coalesce(from_category, 'open') = 'open'
        as is_closing,
    stages_skipped::integer as stages_skipped,
    happened_at as transitioned_at,
    happened_on as transitioned_on,
    {{ microseconds_between('from_entered_at', 'happened_at') }} as microseconds_in_from_stage,
    visit_number::integer as visit_number,
    open_rank,
    known_at as landed_at,
    assumed_known_at as known_at,
    is_first_extraction as is_known_at_assumed,
    is_inferred
from measured
