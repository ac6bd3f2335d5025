-- Which stage of the list each delivered spelling means: the exact name, else the same name in
-- another case or with other separators.
with spelled as (
    select distinct source_name, entity_type, pipeline, stage as delivered_stage
    from (
        select source_name, entity_type, pipeline, stage
        from {{ ref('int_record_versions') }}
        where not is_absent
        union all
        select source_name, entity_type, pipeline, created_stage
        from {{ ref('int_record_versions') }}
        where created_stage is not null
        union all
        select source_name, entity_type, pipeline, stage
        from {{ ref('int_history_rows') }}
        where stage is not null
    )
),

listed as (
    select distinct source_name, entity_type, pipeline, stage, stage_code
    from {{ ref('int_stage_versions') }}
)

select
    spelled.source_name,
    spelled.entity_type,
    spelled.pipeline,
    spelled.delivered_stage,
    listed.stage
from spelled
inner join listed
    on spelled.source_name = listed.source_name
    and spelled.entity_type = listed.entity_type
    and spelled.pipeline = listed.pipeline
    and {{ stage_code('spelled.delivered_stage') }} = listed.stage_code
qualify row_number() over (
    partition by spelled.source_name, spelled.entity_type, spelled.pipeline, spelled.delivered_stage
    order by spelled.delivered_stage <> listed.stage, listed.stage
) = 1
