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
{{ join_stage_list('versions') }}
left join {{ ref('int_stage_names') }} as created_names
    on versions.source_name = created_names.source_name
    and versions.entity_type = created_names.entity_type
    and versions.pipeline = created_names.pipeline
    and versions.created_stage = created_names.delivered_stage
