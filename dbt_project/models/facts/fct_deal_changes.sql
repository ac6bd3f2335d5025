{% set bases = ['int_stage_transitions', 'int_record_states'] %}
{{ keep_by_day('changed_on', bases) }}

with states as (
    select
        *,
        entity_key as deal_key,
        lag(amount) over told as previous_amount,
        lag(currency) over told as previous_currency,
        lag(expected_close_date) over told as previous_expected_close_date,
        lag(owner_key) over told as previous_owner_key
    from {{ ref('int_record_states') }}
    where entity_type = 'deal' and entity_key in (
        select entity_key from {{ ref('int_record_states') }}
        where entity_type = 'deal' and happened_on >= {{ first_day(bases) }}
    )
    window told as (partition by entity_key order by state_number)
),

removals as (
    select
        *,
        case transition_type
            when 'restored' then lag(transition_type) over (
                partition by entity_key order by entity_sequence
            )
            else transition_type
        end as removed_by
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and transition_type in ('merged', 'deleted', 'restored')
),

field_changes as (
    {% for field, column in [
        ('amount', 'amount'), ('currency', 'currency'),
        ('expected_close_date', 'expected_close_date'), ('owner', 'owner_key'),
    ] %}
    select
        deal_key, '{{ field }}' as field,
        previous_{{ column }}::varchar as old_value, {{ column }}::varchar as new_value,
        happened_at as changed_at, happened_on as changed_on, state_number as change_order,
        known_at, is_known_at_assumed, is_inferred
    from states
    where {{ column }} is distinct from previous_{{ column }}
    union all
    {% endfor %}
    select
        entity_key as deal_key, 'pipeline' as field,
        from_pipeline as old_value, pipeline as new_value,
        transitioned_at as changed_at, transitioned_on as changed_on,
        entity_sequence as change_order,
        known_at, is_known_at_assumed, is_inferred
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and from_pipeline <> pipeline
    union all
    select
        entity_key as deal_key,
        -- A restoration undoes what removed the deal.
        case when removed_by = 'merged' then 'merge' else 'deletion' end as field,
        case transition_type when 'restored' then 'true' else 'false' end as old_value,
        case transition_type when 'restored' then 'false' else 'true' end as new_value,
        transitioned_at as changed_at, transitioned_on as changed_on,
        entity_sequence as change_order,
        known_at, is_known_at_assumed, is_inferred
    from removals
)

select
    md5(concat_ws(
        '|', deal_key, field, coalesce(new_value, '-'), epoch_us(changed_at),
        row_number() over (
            partition by deal_key, field, new_value, changed_at order by change_order
        )
    )) as change_id,
    deal_key,
    field,
    old_value,
    new_value,
    changed_at,
    changed_on,
    known_at,
    is_known_at_assumed,
    is_inferred
from field_changes
where changed_on >= {{ first_day(bases) }}
order by changed_on, deal_key, changed_at, field, change_order
