{{ keep_by_record('entity_type', 'entity_key', 'int_records_with_news') }}

-- Every told row of stage history with the pipeline that it belongs to.
with record_pipelines as (
    select entity_type, entity_key, max_by(pipeline, version_number) as pipeline
    from {{ ref('int_record_versions') }}
    where not is_absent and {{ has_news('entity_type', 'entity_key') }}
    group by all
)

select
    told.source_name,
    told.record_id,
    told.entity_type,
    told.entity_key,
    coalesce(
        told.pipeline, record_pipelines.pipeline, history_pipelines.pipeline,
        default_pipelines.pipeline, 'main'
    ) as pipeline,
    told.stage,
    told.entered_at,
    told.entered_day_end,
    told.event_number,
    told.event_id,
    told.first_load_id,
    told.first_ordinal,
    told.known_at,
    told.is_first_extraction,
    told.amount,
    told.currency,
    told.expected_close_date,
    told.owner_key,
    told.probability,
    told.emptied,
    told.is_inferred,
    told.is_logged
from {{ ref('int_told_history') }} as told
left join record_pipelines
    on told.entity_type = record_pipelines.entity_type
    and told.entity_key = record_pipelines.entity_key
left join {{ ref('int_history_pipelines') }} as history_pipelines
    on told.entity_type = history_pipelines.entity_type
    and told.entity_key = history_pipelines.entity_key
left join {{ ref('int_default_pipelines') }} as default_pipelines
    on told.source_name = default_pipelines.source_name
    and told.entity_type = default_pipelines.entity_type
-- Versions of a row that was told of another record before bring that record along.
where {{ has_news('told.entity_type', 'told.entity_key') }}
