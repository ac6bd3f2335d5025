{% set bases = ['int_stage_transitions'] %}
{{ keep_by_day('month_start', bases, order='month') }}

-- How many changes of stage there were in a month from one stage to another, and what they meant to
-- both: a lead or deal is in an open stage from an entry to an exit; while it is removed it is in none.
with removed_entities as (
    select distinct entity_type, entity_key
    from {{ ref('int_stage_transitions') }}
    where transition_type in ('deleted', 'merged', 'restored')
),

-- Whether each was removed before and after its changes; few ever are.
removals as (
    select
        transitions.transition_id,
        coalesce(
            last_value({{ removes('transitions.transition_type') }} ignore nulls)
                over (past rows between unbounded preceding and 1 preceding),
            false
        ) as was_removed,
        coalesce(
            last_value({{ removes('transitions.transition_type') }} ignore nulls)
                over (past rows unbounded preceding),
            false
        ) as is_removed
    from {{ ref('int_stage_transitions') }} as transitions
    inner join removed_entities
        on transitions.entity_type = removed_entities.entity_type
        and transitions.entity_key = removed_entities.entity_key
    window past as (
        partition by transitions.entity_type, transitions.entity_key
        order by transitions.entity_sequence
    )
)

select
    date_trunc('month', transitions.transitioned_on)::date as month_start,
    transitions.entity_type,
    transitions.from_pipeline,
    transitions.from_stage,
    transitions.pipeline,
    transitions.to_stage,
    coalesce(transitions.from_category = 'open' and not coalesce(removals.was_removed, false), false)
        as is_exit,
    transitions.to_category = 'open' and not coalesce(removals.is_removed, false) as is_entry,
    case
        when transitions.transition_type in ('deleted', 'merged') then 'removed'
        when transitions.to_category <> 'open' then transitions.to_category
        when transitions.from_pipeline <> transitions.pipeline then 'moved'
        when transitions.transition_type = 'regressed' then 'regressed'
        else 'advanced'
    end as way_out,
    count(*) as changes
from {{ ref('int_stage_transitions') }} as transitions
left join removals on transitions.transition_id = removals.transition_id
where transitions.transitioned_on >= {{ first_day(bases, 'month') }}
group by all
