-- Records that were merged away, as their survivors name them: at the time at which the property was
-- set, or, where its history does not tell, of the first version that names them.
with survivors as (
    select *, 'deal' as entity_type, deal_id as survivor_id, updated_at as named_at, 2 as rank
    from {{ ref('stg_hubspot__deals') }}
    union all by name
    select *, 'lead' as entity_type, lead_id as survivor_id, updated_at as named_at, 2 as rank
    from {{ ref('stg_hubspot__leads') }}
    union all by name
    select
        *, 'deal' as entity_type, deal_id as survivor_id, changed_at as named_at, 1 as rank,
        string_split(value, ';') as merged_ids
    from {{ ref('stg_hubspot__deal_changes') }}
    where property = 'hs_merged_object_ids'
    union all by name
    select
        *, 'lead' as entity_type, lead_id as survivor_id, changed_at as named_at, 1 as rank,
        string_split(value, ';') as merged_ids
    from {{ ref('stg_hubspot__lead_changes') }}
    where property = 'hs_merged_object_ids'
),

named as (
    select *, unnest(merged_ids) as merged_id from survivors
    where quarantine is null and not is_absent
)

select
    source_name,
    load_id,
    ordinal,
    known_at,
    is_first_extraction,
    extracted_at,
    is_absent,
    entity_type,
    trim(merged_id) as entity_id,
    named_at as deleted_at,
    survivor_id as merged_into_id
from named
where trim(merged_id) <> ''
qualify row_number() over (
    partition by source_name, entity_type, trim(merged_id)
    order by rank, named_at, load_id, ordinal
) = 1
