-- Every visit of a deal to an open stage: from its entry to the next change of stage, in business
-- days. Removals and restorations end no visit.
with steps as (
    select
        entity_key as deal_key,
        source_name,
        pipeline,
        to_stage as stage,
        to_category as category,
        visit_number,
        transitioned_on as entered_on,
        lead(transitioned_on) over onward as left_on,
        lead(transition_type) over onward as next_type
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and transition_type not in ('deleted', 'merged', 'restored')
    window onward as (partition by entity_key order by entity_sequence)
)

select
    deal_key,
    source_name,
    pipeline,
    stage,
    visit_number,
    entered_on,
    left_on,
    (coalesce(left_on, {{ setting('as_of') }}) - entered_on)::integer as days,
    coalesce(next_type in ('advanced', 'skipped', 'won'), false) as has_moved_on
from steps
where category = 'open'
