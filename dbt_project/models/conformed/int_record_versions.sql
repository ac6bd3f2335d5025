{{ config(materialized='view') }}

-- What the versions of leads and deals say about stages: one shape for both kinds of record.
select
    'deal' as entity_type,
    deal_key as entity_key,
    source_name,
    version_number,
    load_id,
    ordinal,
    known_at,
    is_first_extraction,
    is_absent,
    is_removed,
    merged_into_key is not null as is_merged,
    pipeline,
    stage,
    created_stage,
    created_at,
    closed_at,
    updated_at is not null as has_update_time,
    observed_at
from {{ ref('int_deal_versions') }}
union all
select
    'lead' as entity_type,
    lead_key as entity_key,
    source_name,
    version_number,
    load_id,
    ordinal,
    known_at,
    is_first_extraction,
    is_absent,
    is_removed,
    merged_into_key is not null as is_merged,
    pipeline,
    status as stage,
    created_status as created_stage,
    created_at,
    converted_at as closed_at,
    updated_at is not null as has_update_time,
    observed_at
from {{ ref('int_lead_versions') }}
