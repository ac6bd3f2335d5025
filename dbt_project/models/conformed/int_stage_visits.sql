{{ keep_by_record('entity_type', 'entity_key', slices_at_once=3) }}

-- Every visit of a lead or deal to an open stage: from its entry to the next change of stage.
-- Removals and restorations end no visit.
with stays as (
    select
        entity_type,
        entity_key,
        source_name,
        pipeline,
        to_stage as stage,
        to_category as category,
        visit_number,
        owner_key,
        transitioned_at as entered_at,
        transitioned_on as entered_on,
        lead(transitioned_at) over onward as left_at,
        lead(transitioned_on) over onward as left_on,
        lead(transition_type) over onward as next_type
    from {{ ref('fct_stage_transitions') }}
    where transition_type not in ('deleted', 'merged', 'restored')
        and {{ has_changed('entity_type', 'entity_key') }}
    window onward as (partition by entity_type, entity_key order by entity_sequence)
),

records as (
    {{ changed_leads_and_deals(['lead_source', 'region', 'is_deleted']) }}
)

select
    stays.entity_type,
    stays.entity_key,
    stays.source_name,
    stays.pipeline,
    stays.stage,
    stays.visit_number,
    stays.owner_key,
    records.lead_source,
    records.region,
    coalesce(records.is_deleted, false) as is_deleted,
    stays.entered_at,
    stays.entered_on,
    stays.left_at,
    stays.left_on,
    coalesce(stays.next_type in ('advanced', 'skipped', 'won'), false) as has_moved_on
from stays
left join records
    on stays.entity_type = records.entity_type and stays.entity_key = records.entity_key
where stays.category = 'open'
