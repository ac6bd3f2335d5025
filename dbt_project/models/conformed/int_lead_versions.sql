-- Every landed version of every lead, of all sources, in the order in which we learned them.
with versions as (
    select
        source_name,
        source_name || ':' || lead_id as lead_key,
        load_id,
        ordinal,
        known_at,
        is_first_extraction,
        extracted_at,
        is_absent,
        is_absent or is_deleted as is_removed,
        pipeline as told_pipeline,
        status,
        created_status,
        created_at,
        converted_at,
        updated_at,
        source_name || ':' || converted_deal_id as deal_key,
        source_name || ':' || owner_id as owner_key,
        lead_source,
        region,
        score,
        bant_budget,
        bant_authority,
        bant_need,
        bant_timeline
    from {{ ref('stg_files__leads') }}
    where quarantine is null
)

select
    versions.* exclude (told_pipeline),
    coalesce(versions.told_pipeline, history_pipelines.pipeline, default_pipelines.pipeline, 'main')
        as pipeline,
    row_number() over learned as version_number,
    lead(load_id) over learned is null as is_latest,
    max(coalesce(updated_at, extracted_at)) over (
        partition by versions.lead_key order by load_id, ordinal rows unbounded preceding
    ) as observed_at
from versions
left join {{ ref('int_history_pipelines') }} as history_pipelines
    on history_pipelines.entity_type = 'lead'
    and versions.lead_key = history_pipelines.entity_key
left join {{ ref('int_default_pipelines') }} as default_pipelines
    on versions.source_name = default_pipelines.source_name
    and default_pipelines.entity_type = 'lead'
window learned as (partition by lead_key order by load_id, ordinal)
