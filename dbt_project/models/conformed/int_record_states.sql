-- What the fields with a past were from each moment on at which something about them was told:
-- amount, currency and expected close date of deals, the owner of leads and deals.
--
-- Delivered history tells a value by filling it. A record tells all its values when it is first
-- seen and those that differ when it is seen again. What is told together with a closing holds
-- from the closing: a final amount carried back would give the outcome away.
with changes as (
    select
        entity_type, entity_key, entity_sequence, transitioned_at, to_category, is_closing
    from {{ ref('int_stage_transitions') }}
),

closings as (
    select entity_type, entity_key, transitioned_at as closed_at
    from changes
    where is_closing
),

-- Also those that lie after `as_of`: what a record tells with them has not been told yet.
entries_of_closed_stages as (
    select events.entity_type, events.entity_key, events.happened_at as closed_at
    from {{ ref('int_stage_events') }} as events
    inner join {{ ref('int_stage_list') }} as list
        on events.source_name = list.source_name
        and events.entity_type = list.entity_type
        and events.pipeline = list.pipeline
        and events.stage = list.stage
    where list.category <> 'open'
),

-- Where a record stood at each moment; of changes at one instant the last.
standings as (
    select entity_type, entity_key, transitioned_at, to_category
    from changes
    qualify lead(transitioned_at) over (
        partition by entity_type, entity_key order by entity_sequence
    ) is distinct from transitioned_at
),

beginnings as (
    select entity_type, entity_key, min(happened_at) as began_at
    from {{ ref('int_stage_events') }}
    where kind = 'stage'
    group by all
),

record_versions as (
    select
        'deal' as entity_type, deal_key as entity_key, source_name, version_number, load_id,
        ordinal, known_at, is_first_extraction, is_absent, observed_at, pipeline, stage,
        amount, currency, expected_close_date, owner_key
    from {{ ref('int_deal_versions') }}
    union all
    select
        'lead' as entity_type, lead_key as entity_key, source_name, version_number, load_id,
        ordinal, known_at, is_first_extraction, is_absent, observed_at, pipeline, status as stage,
        null as amount, null as currency, null as expected_close_date, owner_key
    from {{ ref('int_lead_versions') }}
),

versions as (
    select
        versions.*,
        list.category <> 'open' as is_closed,
        lag(amount) over learned as previous_amount,
        lag(currency) over learned as previous_currency,
        lag(expected_close_date) over learned as previous_expected_close_date,
        lag(owner_key) over learned as previous_owner_key,
        row_number() over learned as live_version,
        lag(list.category <> 'open') over learned as was_closed
    from record_versions as versions
    left join {{ ref('int_stage_names') }} as names
        on versions.source_name = names.source_name
        and versions.entity_type = names.entity_type
        and versions.pipeline = names.pipeline
        and versions.stage = names.delivered_stage
    left join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and names.entity_type = list.entity_type
        and names.pipeline = list.pipeline
        and names.stage = list.stage
    where not versions.is_absent
    window learned as (
        partition by versions.entity_type, versions.entity_key order by versions.version_number
    )
),

placed as (
    select
        versions.*,
        versions.is_closed and not coalesce(versions.was_closed, false) as tells_closing,
        beginnings.began_at,
        standings.to_category <> 'open' as stood_closed,
        last_closings.closed_at as last_closed_at,
        next_closings.closed_at as next_closed_at
    from versions
    left join beginnings
        on versions.entity_type = beginnings.entity_type
        and versions.entity_key = beginnings.entity_key
    asof left join standings
        on versions.entity_type = standings.entity_type
        and versions.entity_key = standings.entity_key
        and versions.observed_at >= standings.transitioned_at
    asof left join closings as last_closings
        on versions.entity_type = last_closings.entity_type
        and versions.entity_key = last_closings.entity_key
        and versions.observed_at >= last_closings.closed_at
    asof left join entries_of_closed_stages as next_closings
        on versions.entity_type = next_closings.entity_type
        and versions.entity_key = next_closings.entity_key
        and versions.observed_at <= next_closings.closed_at
),

told_by_records as (
    select
        entity_type,
        entity_key,
        source_name,
        case
            when tells_closing and stood_closed then last_closed_at
            when tells_closing and next_closed_at is not null then next_closed_at
            else greatest(observed_at, coalesce(began_at, observed_at))
        end as happened_at,
        2 as sequence_kind,
        null::bigint as event_number,
        load_id,
        ordinal,
        amount,
        currency,
        expected_close_date,
        owner_key,
        case when live_version = 1 then amount is not null
            else amount is distinct from previous_amount end as tells_amount,
        case when live_version = 1 then currency is not null
            else currency is distinct from previous_currency end as tells_currency,
        case when live_version = 1 then expected_close_date is not null
            else expected_close_date is distinct from previous_expected_close_date
        end as tells_expected_close_date,
        case when live_version = 1 then owner_key is not null
            else owner_key is distinct from previous_owner_key end as tells_owner,
        known_at,
        is_first_extraction,
        true as is_inferred
    from placed
),

told_by_history as (
    select
        history_rows.entity_type,
        history_rows.entity_key,
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
        and history_rows.entity_type = names.entity_type
        and history_rows.pipeline = names.pipeline
        and history_rows.stage = names.delivered_stage
    inner join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and names.entity_type = list.entity_type
        and names.pipeline = list.pipeline
        and names.stage = list.stage
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
        row_number() over (partition by entity_type, entity_key order by {{ event_order() }}) as state_number
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
    window past as (partition by entity_type, entity_key order by state_number rows unbounded preceding)
)

select
    entity_type,
    entity_key,
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
    lead(happened_at) over onward is distinct from happened_at as is_last_of_instant
from carried
window onward as (partition by entity_type, entity_key order by state_number)
