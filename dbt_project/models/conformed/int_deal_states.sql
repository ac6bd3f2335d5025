-- What the fields with a past (amount, currency, expected close date, owner) were from each
-- moment on at which something about them was told.
--
-- Delivered history tells a value by filling it. A record tells all its values when it is first
-- seen and those that differ when it is seen again. What is told together with a closing holds
-- from the closing: a final amount carried back would give the outcome away.
with closings as (
    select entity_key as deal_key, transitioned_at as closed_at
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and is_closing
),

beginnings as (
    select entity_key as deal_key, min(transitioned_at) as began_at
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal'
    group by all
),

versions as (
    select
        versions.*,
        list.category <> 'open' as is_closed,
        lag(amount) over learned as previous_amount,
        lag(currency) over learned as previous_currency,
        lag(expected_close_date) over learned as previous_expected_close_date,
        lag(owner_key) over learned as previous_owner_key,
        row_number() over learned as live_version
    from {{ ref('int_deal_versions') }} as versions
    left join {{ ref('int_stage_names') }} as names
        on versions.source_name = names.source_name
        and names.entity_type = 'deal'
        and versions.pipeline = names.pipeline
        and versions.stage = names.delivered_stage
    left join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and names.entity_type = list.entity_type
        and names.pipeline = list.pipeline
        and names.stage = list.stage
    where not versions.is_absent
    window learned as (partition by deal_key order by version_number)
),

closed_runs as (
    select
        *,
        is_closed and not coalesce(lag(is_closed) over (
            partition by deal_key order by version_number
        ), false) as tells_closing
    from versions
),

told_by_records as (
    select
        closed_runs.deal_key,
        closed_runs.source_name,
        case
            when closed_runs.tells_closing and closings.closed_at is not null
                then closings.closed_at
            else greatest(closed_runs.observed_at, coalesce(beginnings.began_at, closed_runs.observed_at))
        end as happened_at,
        2 as sequence_kind,
        null::bigint as event_number,
        closed_runs.load_id,
        closed_runs.ordinal,
        closed_runs.amount,
        closed_runs.currency,
        closed_runs.expected_close_date,
        closed_runs.owner_key,
        case when live_version = 1 then amount is not null
            else amount is distinct from previous_amount end as tells_amount,
        case when live_version = 1 then currency is not null
            else currency is distinct from previous_currency end as tells_currency,
        case when live_version = 1 then expected_close_date is not null
            else expected_close_date is distinct from previous_expected_close_date
        end as tells_expected_close_date,
        case when live_version = 1 then owner_key is not null
            else owner_key is distinct from previous_owner_key end as tells_owner,
        closed_runs.known_at,
        closed_runs.is_first_extraction,
        true as is_inferred
    from closed_runs
    left join beginnings on closed_runs.deal_key = beginnings.deal_key
    asof left join closings
        on closed_runs.deal_key = closings.deal_key
        and closed_runs.observed_at >= closings.closed_at
),

told_by_history as (
    select
        history_rows.entity_key as deal_key,
        history_rows.source_name,
        case
            when list.category <> 'open'
                then coalesce(history_rows.entered_day_end, history_rows.entered_at)
            else history_rows.entered_at
        end as happened_at,
        1 as sequence_kind,
        history_rows.event_number,
        history_rows.first_load_id as load_id,
        history_rows.first_ordinal as ordinal,
        history_rows.amount,
        history_rows.currency,
        history_rows.expected_close_date,
        history_rows.owner_key,
        history_rows.amount is not null as tells_amount,
        history_rows.currency is not null as tells_currency,
        history_rows.expected_close_date is not null as tells_expected_close_date,
        history_rows.owner_key is not null as tells_owner,
        history_rows.known_at,
        history_rows.is_first_extraction,
        false as is_inferred
    from {{ ref('int_history_rows') }} as history_rows
    inner join {{ ref('int_stage_names') }} as names
        on history_rows.source_name = names.source_name
        and names.entity_type = 'deal'
        and history_rows.pipeline = names.pipeline
        and history_rows.stage = names.delivered_stage
    inner join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and names.entity_type = list.entity_type
        and names.pipeline = list.pipeline
        and names.stage = list.stage
    where history_rows.entity_type = 'deal'
),

told as (
    select * from told_by_records
    where tells_amount or tells_currency or tells_expected_close_date or tells_owner
    union all
    select * from told_by_history
    where tells_amount or tells_currency or tells_expected_close_date or tells_owner
),

ordered as (
    select
        *,
        row_number() over (partition by deal_key order by {{ event_order() }}) as state_number
    from told
    where happened_at <= {{ day_end(setting('as_of')) }}
),

-- A value is wrapped where it was told, so that an emptied field is not taken for an untold one.
carried as (
    select
        *,
        last_value(case when tells_amount then {value: amount} end ignore nulls)
            over past as carried_amount,
        last_value(case when tells_currency then {value: currency} end ignore nulls)
            over past as carried_currency,
        last_value(case when tells_expected_close_date then {value: expected_close_date} end ignore nulls)
            over past as carried_expected_close_date,
        last_value(case when tells_owner then {value: owner_key} end ignore nulls)
            over past as carried_owner
    from ordered
    window past as (partition by deal_key order by state_number rows unbounded preceding)
)

select
    deal_key,
    source_name,
    state_number,
    happened_at,
    {{ business_day('happened_at') }} as happened_on,
    sequence_kind,
    carried_amount.value as amount,
    carried_currency.value as currency,
    carried_expected_close_date.value as expected_close_date,
    carried_owner.value as owner_key,
    known_at as landed_at,
    case when is_first_extraction then happened_at else known_at end as known_at,
    is_first_extraction as is_known_at_assumed,
    is_inferred,
    -- The one to join to by time, where several were told at one instant.
    lead(happened_at) over (partition by deal_key order by state_number) is distinct from happened_at
        as is_last_of_instant
from carried
