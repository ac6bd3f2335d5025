-- Every stage name that records and history use, with where it first appeared. One landed row may
-- tell several: the stage of the creation comes before the present one, and what a change replaced
-- before what it brought.
with observed_names as (
    select
        source_name, entity_type, pipeline, stage, load_id, ordinal, 1 as place, 0 as event_number
    from {{ ref('int_record_versions') }}
    where not is_absent
    union all
    select
        source_name, entity_type, pipeline, created_stage, load_id, ordinal, 0 as place,
        0 as event_number
    from {{ ref('int_record_versions') }}
    where created_stage is not null
    union all
    select
        source_name, entity_type, pipeline, stage, first_load_id, first_ordinal, 1 as place,
        event_number
    from {{ ref('int_history_rows') }}
    where stage is not null
)

select
    source_name,
    entity_type,
    pipeline,
    {{ stage_code('stage') }} as stage_code,
    min_by(stage, (load_id, ordinal, place, event_number, stage)) as stage,
    min((load_id, ordinal, place, event_number, stage)) as first_seen
from observed_names
group by all
