{{ keep_by_record('entity_type', 'entity_key') }}

-- Leads and deals whose newest record shows another stage than their delivered history ends with.
with last_rows as (
    select *
    from {{ ref('int_named_history') }}
    where stage is not null
    qualify row_number() over (
        partition by entity_type, entity_key
        order by ({{ event_order() }}) desc
    ) = 1
),

records as (
    select *
    from {{ ref('int_named_versions') }}
    where not is_absent and canonical_stage is not null
    qualify row_number() over (
        partition by entity_type, entity_key order by version_number desc
    ) = 1
)

select
    records.entity_type,
    records.entity_key,
    records.pipeline,
    records.canonical_stage as stage,
    records.observed_at,
    last_rows.pipeline as history_pipeline,
    last_rows.stage as history_stage,
    last_rows.happened_at as history_ends_at
from records
inner join last_rows using (entity_type, entity_key)
where (records.pipeline, records.canonical_stage) <> (last_rows.pipeline, last_rows.stage)
