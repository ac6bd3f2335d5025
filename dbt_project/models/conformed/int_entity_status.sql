{{ keep_by_record('entity_type', 'entity_key', slices_at_once=3) }}

-- Where each lead and deal with a dated past stands at `as_of`.
with summed as (
    select
        entity_type,
        entity_key,
        max(entity_sequence) as last_sequence,
        min(transitioned_at) as created_at,
        min(case when is_closing then transitioned_at end) as first_closed_at,
        max(case when is_closing then transitioned_at end) as last_closed_at,
        max(case when transition_type in ('deleted', 'merged') then transitioned_at end)
            as last_removed_at,
        max_by(transition_type in ('deleted', 'merged'), entity_sequence)
            filter (where transition_type in ('deleted', 'merged', 'restored')) as is_removed
    from {{ ref('int_stage_transitions') }}
    where {{ has_changed('entity_type', 'entity_key') }}
    group by all
)

select
    summed.entity_type,
    summed.entity_key,
    last_transition.source_name,
    last_transition.pipeline,
    last_transition.to_stage as stage,
    last_transition.to_category as stage_category,
    summed.created_at,
    summed.first_closed_at,
    coalesce(summed.is_removed, false) as is_removed,
    case when summed.is_removed then summed.last_removed_at end as removed_at,
    case
        when last_transition.to_category <> 'open' and not coalesce(summed.is_removed, false)
            then summed.last_closed_at
    end as closed_at
from summed
inner join {{ ref('int_stage_transitions') }} as last_transition
    on summed.entity_type = last_transition.entity_type
    and summed.entity_key = last_transition.entity_key
    and summed.last_sequence = last_transition.entity_sequence
where {{ in_slice('last_transition.entity_key') }}
