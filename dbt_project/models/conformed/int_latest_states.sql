{{ keep_by_record('entity_type', 'entity_key', slices_at_once=1) }}

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
    amount,
    currency,
    expected_close_date,
    owner_key,
    (
        count(*) filter (where is_push) over (told rows unbounded preceding)
    )::integer as push_count
from pushes
window told as (partition by entity_type, entity_key order by state_number)
qualify lead(state_number) over told is null
