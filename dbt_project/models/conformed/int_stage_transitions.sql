{{ keep_by_record('entity_type', 'entity_key', remembered=true, slices_at_once=1) }}

-- The changes of stage, in order, with what they mean; amounts and owners are joined later.
with ordered as (
    select
        *,
        row_number() over told as event_order,
        last_value(case when kind = 'stage' then {pipeline: pipeline, stage: stage} end ignore nulls)
            over (told rows between unbounded preceding and 1 preceding) as place_before
    from {{ ref('int_stage_events') }}
    -- What is dated later has not happened yet.
    where happened_at <= {{ day_end(setting('as_of')) }}
        and {{ has_changed('entity_type', 'entity_key') }}
    window told as (partition by entity_type, entity_key order by {{ event_order() }})
),

placed as (
    select
        * exclude (place_before) replace (
            -- A removal leaves the stage where it is.
            coalesce(pipeline, place_before.pipeline) as pipeline,
            coalesce(stage, place_before.stage) as stage
        )
    from ordered
    -- A row that repeats the stage tells of another field; it is no change of stage.
    where kind <> 'stage' or {pipeline: pipeline, stage: stage} is distinct from place_before
),

described as (
    select
        placed.*,
        places.category,
        places.position,
        places.is_present,
        places.stages_before,
        places.open_stages
    from placed
    inner join {{ ref('int_stage_places') }} as places
        on placed.source_name = places.source_name
        and placed.entity_type = places.entity_type
        and placed.pipeline = places.pipeline
        and placed.stage = places.stage
        and placed.happened_on >= places.valid_from
        and placed.happened_on < places.valid_to
),

compared as (
    select
        *,
        row_number() over sequence as entity_sequence,
        lag(pipeline) over sequence as from_pipeline,
        lag(stage) over sequence as from_stage,
        lag(category) over sequence as from_category,
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

-- Both stages at their places in the list of the day of the change.
located as (
    select
        compared.*,
        (from_places.position, from_places.stage) as from_place,
        -- Open stages that the deal has behind it, its own stage included if the list has it.
        coalesce(from_places.stages_before + from_places.is_present::integer, 0) as stages_behind
    from compared
    left join {{ ref('int_stage_places') }} as from_places
        on compared.source_name = from_places.source_name
        and compared.entity_type = from_places.entity_type
        and compared.from_pipeline = from_places.pipeline
        and compared.from_stage = from_places.stage
        and compared.happened_on >= from_places.valid_from
        and compared.happened_on < from_places.valid_to
),

measured as (
    select
        *,
        case
            when kind <> 'stage' then 0
            when from_pipeline <> pipeline then 0
            when from_category <> 'open' or category = 'lost' then 0
            when category = 'won' then greatest(open_stages - stages_behind, 0)
            else greatest(stages_before - stages_behind, 0)
        end as stages_skipped
    from located
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
        when (position, stage) < from_place then 'regressed'
        when stages_skipped > 0 then 'skipped'
        else 'advanced'
    end as transition_type,
    kind = 'stage' and category <> 'open' and coalesce(from_category, 'open') = 'open'
        as is_closing,
    stages_skipped::integer as stages_skipped,
    happened_at as transitioned_at,
    happened_on as transitioned_on,
    {{ microseconds_between('from_entered_at', 'happened_at') }} as microseconds_in_from_stage,
    visit_number::integer as visit_number,
    known_at as landed_at,
    assumed_known_at as known_at,
    is_first_extraction as is_known_at_assumed,
    is_inferred
from measured
