-- Every delivered row of stage history, once, in its latest version, with the place of its first
-- landing (which keeps the order of rows at one instant stable).
with versions as (
    select
        source_name,
        record_id,
        load_id,
        ordinal,
        known_at,
        is_first_extraction,
        is_absent,
        event_id,
        entity_type,
        source_name || ':' || entity_id as entity_key,
        pipeline,
        stage,
        entered_at,
        entered_day_end,
        amount,
        currency,
        expected_close_date,
        source_name || ':' || owner_id as owner_key,
        probability
    from {{ ref('stg_files__stage_history') }}
    where quarantine is null
),

placed as (
    select
        *,
        first_value(load_id) over landed as first_load_id,
        first_value(ordinal) over landed as first_ordinal
    from versions
    window landed as (partition by source_name, record_id order by load_id, ordinal)
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
),

record_pipelines as (
    select entity_type, entity_key, max_by(pipeline, version_number) as pipeline
    from {{ ref('int_record_versions') }}
    where not is_absent
    group by all
)

select
    placed.source_name,
    placed.record_id,
    placed.entity_type,
    placed.entity_key,
    coalesce(
        placed.pipeline, record_pipelines.pipeline, history_pipelines.pipeline,
        default_pipelines.pipeline, 'main'
    ) as pipeline,
    placed.stage,
    placed.entered_at,
    placed.entered_day_end,
    try_cast(placed.event_id as bigint) as event_number,
    placed.event_id,
    placed.first_load_id,
    placed.first_ordinal,
    placed.known_at,
    placed.is_first_extraction,
    placed.amount,
    placed.currency,
    placed.expected_close_date,
    placed.owner_key,
    placed.probability
from placed
left join record_pipelines
    on placed.entity_type = record_pipelines.entity_type
    and placed.entity_key = record_pipelines.entity_key
left join {{ ref('int_history_pipelines') }} as history_pipelines
    on placed.entity_type = history_pipelines.entity_type
    and placed.entity_key = history_pipelines.entity_key
left join {{ ref('int_default_pipelines') }} as default_pipelines
    on placed.source_name = default_pipelines.source_name
    and placed.entity_type = default_pipelines.entity_type
-- A row that a full delivery no longer holds was withdrawn by its source.
where not placed.is_absent
