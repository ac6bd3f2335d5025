{{ keep_by_record("'lead'", 'lead_key', 'int_records_with_news') }}

-- Every landed version of every lead, of all sources, in the order in which we learned them. A
-- deletion that a feed of its own tells is a version too, without values.
with told as (
    select *, load_id as place_load_id, 0 as place from {{ ref('int_delivered_leads') }}
    union all by name
    select
        source_name,
        entity_id as lead_id,
        deleted_at as updated_at,
        merged_into_id,
        true as is_absent,
        load_id,
        ordinal,
        known_at,
        is_first_extraction,
        extracted_at,
        place_load_id,
        place
    from {{ ref('int_deletions') }}
    where entity_type = 'lead'
),

versions as (
    select
        source_name,
        source_name || ':' || lead_id as lead_key,
        load_id,
        ordinal,
        place_load_id,
        place,
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
        bant_timeline,
        source_name || ':' || merged_into_id as merged_into_key
    from told
)

select
    versions.* exclude (told_pipeline, place_load_id, place),
    coalesce(versions.told_pipeline, history_pipelines.pipeline, default_pipelines.pipeline, 'main')
        as pipeline,
    row_number() over learned as version_number,
    lead(load_id) over learned is null as is_latest,
    max(coalesce(updated_at, extracted_at)) over (
        partition by versions.lead_key order by place_load_id, place, load_id, ordinal
        rows unbounded preceding
    ) as observed_at
from versions
left join {{ ref('int_history_pipelines') }} as history_pipelines
    on history_pipelines.entity_type = 'lead'
    and versions.lead_key = history_pipelines.entity_key
left join {{ ref('int_default_pipelines') }} as default_pipelines
    on versions.source_name = default_pipelines.source_name
    and default_pipelines.entity_type = 'lead'
window learned as (partition by lead_key order by place_load_id, place, load_id, ordinal)
