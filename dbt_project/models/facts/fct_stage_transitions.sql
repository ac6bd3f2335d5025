{% set bases = ['int_stage_transitions', 'int_record_states', 'int_fx_rates'] %}
{{ keep_by_day('transitioned_on', bases) }}

with transitions as (
    select * from {{ ref('int_stage_transitions') }}
    where transitioned_on >= {{ first_day(bases) }}
),

with_state as (
    select
        transitions.*,
        states.amount,
        states.currency,
        states.owner_key
    from transitions
    asof left join (
        select * from {{ ref('int_record_states') }}
        where is_last_of_instant
            and (entity_type, entity_key) in (select (entity_type, entity_key) from transitions)
    ) as states
        on transitions.entity_type = states.entity_type
        and transitions.entity_key = states.entity_key
        and transitions.transitioned_at >= states.happened_at
)

select
    with_state.transition_id,
    with_state.entity_type,
    with_state.entity_key,
    with_state.entity_sequence,
    with_state.source_name,
    with_state.pipeline,
    with_state.from_stage,
    with_state.to_stage,
    with_state.from_category,
    with_state.to_category,
    with_state.transition_type,
    with_state.is_closing,
    with_state.stages_skipped,
    with_state.transitioned_at,
    with_state.transitioned_on,
    {{ as_days('with_state.microseconds_in_from_stage') }} as days_in_from_stage,
    with_state.visit_number,
    with_state.amount,
    with_state.currency,
    {{ to_reporting('with_state.amount', 'rates.rate_to_reporting') }} as amount_reporting,
    with_state.owner_key,
    with_state.known_at,
    with_state.is_known_at_assumed,
    with_state.is_inferred
from with_state
left join {{ ref('fct_fx_rates') }} as rates
    on with_state.currency = rates.currency
    and with_state.transitioned_on = rates.rate_date
order by
    with_state.transitioned_on, with_state.entity_type, with_state.entity_key,
    with_state.entity_sequence
