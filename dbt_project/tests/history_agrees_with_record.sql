{{ config(severity='warn') }}
-- A returned row is a deal or lead whose newest record shows another stage than its delivered
-- history ends with.
with history as (
    select
        history_rows.entity_type,
        history_rows.entity_key,
        history_rows.pipeline,
        names.stage,
        -- A date alone closes at the end of the day.
        case
            when list.category <> 'open'
                then coalesce(history_rows.entered_day_end, history_rows.entered_at)
            else history_rows.entered_at
        end as happened_at,
        1 as sequence_kind,
        history_rows.event_number,
        history_rows.first_load_id as load_id,
        history_rows.first_ordinal as ordinal
    from {{ ref('int_history_rows') }} as history_rows
    inner join {{ ref('int_stage_names') }} as names
        on history_rows.source_name = names.source_name
        and history_rows.entity_type = names.entity_type
        and history_rows.pipeline = names.pipeline
        and history_rows.stage = names.delivered_stage
    inner join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and names.entity_type = list.entity_type
        and names.pipeline = list.pipeline
        and names.stage = list.stage
),

last_rows as (
    select *
    from history
    qualify row_number() over (
        partition by entity_type, entity_key
        order by {{ event_order() }} desc
    ) = 1
),

records as (
    select
        versions.entity_type,
        versions.entity_key,
        versions.pipeline,
        names.stage,
        versions.observed_at
    from {{ ref('int_record_versions') }} as versions
    inner join {{ ref('int_stage_names') }} as names
        on versions.source_name = names.source_name
        and versions.entity_type = names.entity_type
        and versions.pipeline = names.pipeline
        and versions.stage = names.delivered_stage
    where not versions.is_absent
    qualify row_number() over (
        partition by versions.entity_type, versions.entity_key order by versions.version_number desc
    ) = 1
)

select
    records.entity_type,
    records.entity_key,
    records.pipeline,
    records.stage,
    records.observed_at,
    last_rows.pipeline as history_pipeline,
    last_rows.stage as history_stage,
    last_rows.happened_at as history_ends_at
from records
inner join last_rows using (entity_type, entity_key)
where (records.pipeline, records.stage) <> (last_rows.pipeline, last_rows.stage)
