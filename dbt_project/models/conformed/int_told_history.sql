{{ build_in_slices() }}

-- Every row of stage history that was told, once, in its newest version, with the place of its first
-- landing (which keeps the order of rows at one instant stable): rows that were delivered as stage
-- history, and those that logged changes of single fields make.
with placed as (
    select
        *,
        first_value(load_id) over landed as first_load_id,
        first_value(ordinal) over landed as first_ordinal
    from {{ ref('int_delivered_stage_history') }}
    where {{ in_slice('record_id') }}
    window landed as (partition by source_name, record_id order by load_id, ordinal)
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
)

select
    source_name,
    record_id,
    entity_type,
    source_name || ':' || entity_id as entity_key,
    pipeline,
    stage,
    entered_at,
    entered_day_end,
    event_number,
    event_id,
    load_id,
    ordinal,
    first_load_id,
    first_ordinal,
    known_at,
    is_first_extraction,
    amount,
    currency,
    expected_close_date,
    source_name || ':' || owner_id as owner_key,
    probability,
    coalesce(emptied, []) as emptied,
    coalesce(is_inferred, false) as is_inferred,
    false as is_logged
from placed
-- A row that a full delivery no longer holds was withdrawn by its source.
where not is_absent
union all by name
select *, true as is_logged from {{ ref('int_change_history') }}
where {{ in_slice('record_id') }}
