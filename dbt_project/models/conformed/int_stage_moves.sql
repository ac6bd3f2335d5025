{{ build_in_slices() }}

-- Every stage that a lead or deal is known to have entered, and when, in no order yet.
--
-- A record with delivered history follows it; its own fields add the creation, if history starts
-- later, and the present stage, if history ends earlier. A record without history follows what
-- successive extracts showed. See docs/cases.md for each decision.
with first_stages as (
    select source_name, entity_type, pipeline, stage, valid_from, valid_to
    from {{ ref('int_stage_places') }}
    where category = 'open' and is_present and stages_before = 0
),

-- A row without a stage tells of other fields.
history as (
    select * from {{ ref('int_named_history') }}
    where stage is not null and {{ in_slice('entity_key') }}
),

-- First and last rows are looked for by windows here and below: the engine can put their rows
-- aside when memory runs short, but not what an aggregate holds of the row with the least key.
history_ends as (
    select
        entity_type,
        entity_key,
        happened_at,
        pipeline,
        stage,
        lag(entity_key) over told is null as is_first,
        lead(entity_key) over told is null as is_last
    from history
    window told as (partition by entity_type, entity_key order by {{ event_order() }})
    qualify is_first or is_last
),

history_span as (
    select
        first_rows.entity_type,
        first_rows.entity_key,
        first_rows.happened_at as first_at,
        first_rows.pipeline as first_pipeline,
        last_rows.happened_at as last_at,
        last_rows.pipeline as last_pipeline,
        last_rows.stage as last_stage
    from history_ends as first_rows
    inner join history_ends as last_rows
        on first_rows.entity_type = last_rows.entity_type
        and first_rows.entity_key = last_rows.entity_key
    where first_rows.is_first and last_rows.is_last
),

-- Consecutive versions in one stage are one run.
marked as (
    select
        versions.*,
        history_span.entity_key is not null as has_history,
        coalesce(
            (pipeline, canonical_stage) <> lag((pipeline, canonical_stage)) over learned, true
        ) as starts_run
    from (
        select
            *,
            count(*) over (partition by entity_type, entity_key) > 1 as was_changed
        from {{ ref('int_named_versions') }}
        where {{ in_slice('entity_key') }}
    ) as versions
    left join history_span using (entity_type, entity_key)
    where not is_absent
    window learned as (partition by entity_type, entity_key order by version_number)
),

numbered as (
    select
        *,
        sum(starts_run::integer) over (
            partition by entity_type, entity_key order by version_number rows unbounded preceding
        ) as run_number
    from marked
),

-- Each run as its first version tells it.
runs as (
    select
        entity_type,
        entity_key,
        source_name,
        has_history,
        run_number,
        pipeline,
        canonical_stage as stage,
        category,
        observed_at,
        known_at,
        is_first_extraction,
        has_update_time,
        last_value(closed_at ignore nulls) over (
            partition by entity_type, entity_key, run_number order by version_number
            rows between unbounded preceding and unbounded following
        ) as closed_at
    from numbered
    qualify starts_run
),

records as (
    select
        entity_type,
        entity_key,
        source_name,
        has_history,
        last_value(created_at ignore nulls) over whole as created_at,
        last_value(
            case when canonical_created_stage is not null
                then {stage: canonical_created_stage, pipeline: pipeline} end
            ignore nulls
        ) over whole as created_in,
        first_value(pipeline ignore nulls) over whole as first_pipeline,
        known_at,
        is_first_extraction,
        last_value(run_number) over whole as last_run,
        was_changed
    from numbered
    window whole as (
        partition by entity_type, entity_key order by version_number
        rows between unbounded preceding and unbounded following
    )
    qualify lag(version_number) over (
        partition by entity_type, entity_key order by version_number
    ) is null
),

-- When each run began: a closing at its own date, once; anything else when it was seen.
dated_runs as (
    select
        runs.*,
        records.created_at,
        records.last_run,
        case
            when runs.category <> 'open'
                and runs.closed_at is not null
                and runs.closed_at > coalesce(
                    max(case when runs.category <> 'open' then runs.closed_at end) over (
                        partition by runs.entity_type, runs.entity_key order by runs.run_number
                        rows between unbounded preceding and 1 preceding
                    ),
                    timestamptz '0001-01-01 00:00:00+00'
                )
                then runs.closed_at
            else greatest(runs.observed_at, coalesce(records.created_at, runs.observed_at))
        end as began_at,
        runs.category <> 'open' and runs.closed_at is not null as has_own_date
    from runs
    inner join records using (entity_type, entity_key)
),

ordered_runs as (
    select
        *,
        -- An observation is the latest time a change can have happened: a later run that is
        -- dated earlier pulls it back.
        min(began_at) over (
            partition by entity_type, entity_key order by run_number
            rows between current row and unbounded following
        ) as happened_at
    from dated_runs
    where not has_history
),

-- Without any date, a record has no place in time until something about it is seen to change.
creations as (
    select
        records.entity_type,
        records.entity_key,
        records.source_name,
        records.has_history,
        coalesce(history_span.first_pipeline, records.first_pipeline) as pipeline,
        records.created_in,
        records.known_at,
        records.is_first_extraction,
        case
            when records.has_history then records.created_at
            when records.created_at is not null then least(records.created_at, first_run.happened_at)
            when first_run.has_own_date
                or first_run.has_update_time
                or not first_run.is_first_extraction
                or records.was_changed
                then first_run.happened_at
        end as happened_at
    from records
    left join history_span using (entity_type, entity_key)
    left join ordered_runs as first_run
        on records.entity_type = first_run.entity_type
        and records.entity_key = first_run.entity_key
        and first_run.run_number = 1
    where not records.has_history
        -- On the day on which history starts, its own first row is the creation.
        or {{ business_day('records.created_at') }} < {{ business_day('history_span.first_at') }}
),

created as (
    select
        creations.*,
        coalesce(
            -- Told in another pipeline, it names no stage of this one.
            case when creations.created_in.pipeline = creations.pipeline
                then creations.created_in.stage end,
            first_stages.stage
        ) as stage
    from creations
    left join first_stages
        on creations.source_name = first_stages.source_name
        and creations.entity_type = first_stages.entity_type
        and creations.pipeline = first_stages.pipeline
        and {{ business_day('creations.happened_at') }} >= first_stages.valid_from
        and {{ business_day('creations.happened_at') }} < first_stages.valid_to
    where creations.happened_at is not null
),

latest_runs as (
    select * from dated_runs
    where has_history and run_number = last_run
),

latest_seen as (
    select
        entity_type,
        entity_key,
        max(observed_at) as observed_at
    from numbered
    where has_history
    group by all
)

select
    entity_type, entity_key, source_name, pipeline, stage, happened_at,
    0 as sequence_kind, null as event_number, null as event_id, '' as load_id, 0 as ordinal,
    known_at, is_first_extraction, true as is_inferred
from created
where stage is not null
union all
select
    entity_type, entity_key, source_name, pipeline, stage, happened_at,
    sequence_kind, event_number, event_id, load_id, ordinal,
    known_at, is_first_extraction, is_inferred
from history
union all
select
    ordered_runs.entity_type, ordered_runs.entity_key, ordered_runs.source_name,
    ordered_runs.pipeline, ordered_runs.stage,
    ordered_runs.happened_at,
    2 as sequence_kind, null as event_number, null as event_id, '' as load_id,
    ordered_runs.run_number as ordinal,
    ordered_runs.known_at, ordered_runs.is_first_extraction,
    true as is_inferred
from ordered_runs
inner join created using (entity_type, entity_key)
union all
-- The record shows a stage at which history does not end, and is not older than it.
select
    latest_runs.entity_type, latest_runs.entity_key, latest_runs.source_name,
    latest_runs.pipeline, latest_runs.stage,
    case
        when latest_runs.category <> 'open' and latest_runs.closed_at >= history_span.last_at
            then latest_runs.closed_at
        else greatest(latest_runs.observed_at, history_span.last_at)
    end as happened_at,
    2 as sequence_kind, null as event_number, null as event_id, '' as load_id,
    latest_runs.run_number as ordinal,
    latest_runs.known_at, latest_runs.is_first_extraction,
    true as is_inferred
from latest_runs
inner join history_span using (entity_type, entity_key)
inner join latest_seen using (entity_type, entity_key)
where latest_seen.observed_at >= history_span.last_at
    and (latest_runs.pipeline, latest_runs.stage)
    <> (history_span.last_pipeline, history_span.last_stage)
