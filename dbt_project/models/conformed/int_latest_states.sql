{{ keep_by_record('entity_type', 'entity_key') }}

-- What the fields with a past of each lead and deal are at `as_of`, and how often its expected close
-- date was pushed.
with pushes as (
    select
        *,
        expected_close_date > lag(expected_close_date) over told as is_push
    from {{ ref('int_record_states') }}
    where {{ has_changed('entity_type', 'entity_key') }}
    window told as (partition by entity_type, entity_key order by state_number)
)

select
    entity_type,
    entity_key,
    max_by({amount: amount}, state_number).amount as amount,
    max_by({currency: currency}, state_number).currency as currency,
    max_by({expected_close_date: expected_close_date}, state_number).expected_close_date
        as expected_close_date,
    max_by({owner_key: owner_key}, state_number).owner_key as owner_key,
    count(*) filter (where is_push)::integer as push_count
from pushes
group by all
