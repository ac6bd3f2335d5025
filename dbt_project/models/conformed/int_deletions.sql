-- What feeds that only name ids say of deletions, at its place among the landed versions of the
-- record: after all that its night brought, but before a version that was changed later than the
-- deletion, which restored the record.
with deletions as (
    select
        source_name,
        entity_type,
        entity_id,
        deleted_at,
        merged_into_id,
        load_id,
        ordinal,
        known_at,
        is_first_extraction,
        extracted_at
    from {{ ref('int_delivered_deletions') }}
    where not is_absent
        and {{ has_news('entity_type', "source_name || ':' || entity_id") }}
),

versions as (
    select source_name, 'deal' as entity_type, deal_id as entity_id, load_id, known_at, updated_at
    from {{ ref('int_delivered_deals') }}
    union all
    select source_name, 'lead' as entity_type, lead_id as entity_id, load_id, known_at, updated_at
    from {{ ref('int_delivered_leads') }}
),

located as (
    select
        deletions.entity_type,
        deletions.entity_id,
        deletions.load_id,
        deletions.ordinal,
        min(case when versions.updated_at > deletions.deleted_at then versions.load_id end)
            as restoring_load_id,
        max(case when versions.known_at = deletions.known_at then versions.load_id end)
            as last_load_id
    from deletions
    inner join versions
        on deletions.source_name = versions.source_name
        and deletions.entity_type = versions.entity_type
        and deletions.entity_id = versions.entity_id
        and (deletions.load_id > versions.load_id or deletions.known_at = versions.known_at)
    group by all
)

select
    deletions.*,
    coalesce(
        located.restoring_load_id,
        greatest(deletions.load_id, coalesce(located.last_load_id, deletions.load_id))
    ) as place_load_id,
    -- Versions themselves have place 0 in their load.
    case when located.restoring_load_id is null then 1 else -1 end as place
from deletions
left join located
    on deletions.load_id = located.load_id
    and deletions.ordinal = located.ordinal
    -- One landed row may tell of several.
    and deletions.entity_type = located.entity_type
    and deletions.entity_id = located.entity_id
