-- What record versions say about stages, in the names and categories of the stage list.
-- depends_on: {{ ref('int_changed_records') }}
select
    versions.*,
    names.stage as canonical_stage,
    created_names.stage as canonical_created_stage,
    list.category
from (
    select * from {{ ref('int_record_versions') }}
    where {{ has_changed('entity_type', 'entity_key') }}
) as versions
left join {{ ref('int_stage_names') }} as names
    on versions.source_name = names.source_name
    and versions.entity_type = names.entity_type
    and versions.pipeline = names.pipeline
    and versions.stage = names.delivered_stage
left join {{ ref('int_stage_names') }} as created_names
    on versions.source_name = created_names.source_name
    and versions.entity_type = created_names.entity_type
    and versions.pipeline = created_names.pipeline
    and versions.created_stage = created_names.delivered_stage
left join {{ ref('int_stage_list') }} as list
    on names.source_name = list.source_name
    and names.entity_type = list.entity_type
    and names.pipeline = list.pipeline
    and names.stage = list.stage
