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
        pipeline,
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
    *,
    row_number() over learned as version_number,
    lead(load_id) over learned is null as is_latest,
    max(coalesce(updated_at, extracted_at)) over (
        partition by lead_key order by load_id, ordinal rows unbounded preceding
    ) as observed_at
from versions
window learned as (partition by lead_key order by load_id, ordinal)
