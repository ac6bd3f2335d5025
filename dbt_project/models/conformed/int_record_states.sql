{{ keep_by_record('entity_type', 'entity_key', remembered=true, slices_at_once=1) }}

{%- set fields = {
    'amount': 'amount', 'currency': 'currency', 'expected_close_date': 'expected_close_date',
    'owner_id': 'owner_key',
} -%}
-- What the fields with a past were from each moment on at which something about them was told:
-- amount, currency and expected close date of deals, the owner of leads and deals.
--
-- Delivered history tells a value by filling it. A record tells all its values when it is first
-- seen and those that differ when it is seen again. What is told together with a closing holds
-- from the closing: a final amount carried back would give the outcome away. Of a field whose
-- changes are logged, the record tells only what the log does not reach.
with entries as (
    -- Also events after `as_of`: what a record tells with them has not been told yet.
    select
        events.entity_type,
        events.entity_key,
        events.happened_at,
        list.category <> 'open' as is_closed,
        lag(list.category <> 'open') over sequence as was_closed,
        lead(events.happened_at) over sequence is distinct from events.happened_at
            as is_last_of_instant
    from {{ ref('int_stage_events') }} as events
    inner join {{ ref('int_stage_list') }} as list
        on events.source_name = list.source_name
        and events.entity_type = list.entity_type
        and events.pipeline = list.pipeline
        and events.stage = list.stage
    where events.kind = 'stage' and {{ has_changed('events.entity_type', 'events.entity_key') }}
    window sequence as (
        partition by events.entity_type, events.entity_key order by {{ event_order('events') }}
    )
),

closings as (
    select entity_type, entity_key, happened_at as closed_at
    from entries
    where is_closed and not coalesce(was_closed, false)
),

-- Where a record stood at each moment; of changes at one instant the last.
standings as (
    select entity_type, entity_key, happened_at, is_closed
    from entries
    where is_last_of_instant
),

beginnings as (
    select entity_type, entity_key, min(happened_at) as began_at
    from entries
    group by all
),

record_versions as (
    select
        'deal' as entity_type, deal_key as entity_key, source_name, version_number, load_id,
        ordinal, known_at, is_first_extraction, is_absent, observed_at, pipeline, stage,
        amount, currency, expected_close_date, owner_key
    from {{ ref('int_deal_versions') }}
    where {{ in_slice('deal_key') }}
    union all
    select
        'lead' as entity_type, lead_key as entity_key, source_name, version_number, load_id,
        ordinal, known_at, is_first_extraction, is_absent, observed_at, pipeline, status as stage,
        null as amount, null as currency, null as expected_close_date, owner_key
    from {{ ref('int_lead_versions') }}
    where {{ in_slice('lead_key') }}
),

versions as (
    select
        versions.*,
        named.category <> 'open' as is_closed,
        row_number() over learned as live_version,
        lag(named.category <> 'open') over learned as was_closed
        {%- for column in fields.values() %},
        case
            when row_number() over learned = 1 then {{ column }} is not null
            else {{ column }} is distinct from lag({{ column }}) over learned
        end as tells_{{ column }}
        {%- endfor %}
    from record_versions as versions
    inner join {{ ref('int_named_versions') }} as named
        on versions.entity_type = named.entity_type
        and versions.entity_key = named.entity_key
        and versions.version_number = named.version_number
    where not versions.is_absent and {{ in_slice('named.entity_key') }}
    window learned as (
        partition by versions.entity_type, versions.entity_key order by versions.version_number
    )
),

told_by_history as (
    select
        history.entity_type,
        history.entity_key,
        history.source_name,
        -- What is told of a time before the creation holds from the creation.
        greatest(history.happened_at, coalesce(beginnings.began_at, history.happened_at))
            as happened_at,
        history.happened_at as told_at,
        history.sequence_kind,
        history.event_number,
        history.load_id,
        history.ordinal,
        history.amount,
        history.currency,
        history.expected_close_date,
        history.owner_key,
        {%- for name, column in fields.items() %}
        history.{{ column }} is not null or list_contains(history.emptied, '{{ name }}')
            as tells_{{ column }},
        {%- endfor %}
        history.known_at,
        history.is_first_extraction,
        history.is_inferred,
        history.is_logged
    from {{ ref('int_named_history') }} as history
    left join beginnings
        on history.entity_type = beginnings.entity_type
        and history.entity_key = beginnings.entity_key
    -- Fields alone make no lead or deal.
    where {{ in_slice('history.entity_key') }} and (
        beginnings.entity_key is not null or exists (
            select 1 from versions
            where versions.entity_type = history.entity_type
                and versions.entity_key = history.entity_key
        )
    )
),

-- Since when the log knows each field that it saw change, and what the field was at last.
logged as (
    select
        entity_type,
        entity_key,
        {%- for column in fields.values() %}
        case
            when bool_or(is_logged and event_number > 0 and tells_{{ column }})
                then min(happened_at) filter (where is_logged and tells_{{ column }})
        end as {{ column }}_logged_from,
        (max_by(
            {value: {{ column }}}, (happened_at, told_at, event_number, load_id, ordinal)
        ) filter (where tells_{{ column }})).value as last_{{ column }},
        {%- endfor %}
        max(happened_at) as last_at
    from told_by_history
    where (entity_type, entity_key) in (
        select (entity_type, entity_key) from told_by_history as rows where rows.is_logged
    )
    group by all
),

placed as (
    select
        versions.*,
        versions.is_closed and not coalesce(versions.was_closed, false) as tells_closing,
        beginnings.began_at,
        standings.is_closed as stood_closed,
        last_closings.closed_at as last_closed_at,
        next_closings.closed_at as next_closed_at
    from versions
    left join beginnings
        on versions.entity_type = beginnings.entity_type
        and versions.entity_key = beginnings.entity_key
    asof left join standings
        on versions.entity_type = standings.entity_type
        and versions.entity_key = standings.entity_key
        and versions.observed_at >= standings.happened_at
    asof left join closings as last_closings
        on versions.entity_type = last_closings.entity_type
        and versions.entity_key = last_closings.entity_key
        and versions.observed_at >= last_closings.closed_at
    asof left join closings as next_closings
        on versions.entity_type = next_closings.entity_type
        and versions.entity_key = next_closings.entity_key
        and versions.observed_at <= next_closings.closed_at
),

told_by_records as (
    select
        placed.entity_type,
        placed.entity_key,
        placed.source_name,
        case
            when placed.tells_closing and placed.stood_closed then placed.last_closed_at
            when placed.tells_closing and placed.next_closed_at is not null
                then placed.next_closed_at
            else greatest(placed.observed_at, coalesce(placed.began_at, placed.observed_at))
        end as happened_at,
        {%- for column in fields.values() %}
        placed.{{ column }},
        placed.tells_{{ column }}
            and coalesce(placed.observed_at < logged.{{ column }}_logged_from, true)
            as tells_{{ column }},
        {%- endfor %}
        placed.load_id,
        placed.ordinal,
        placed.known_at,
        placed.is_first_extraction
    from placed
    left join logged
        on placed.entity_type = logged.entity_type and placed.entity_key = logged.entity_key
),

-- The record's last value is not the one with which the log ends, and not older than the log.
told_after_logs as (
    select
        placed.entity_type,
        placed.entity_key,
        placed.source_name,
        greatest(placed.observed_at, logged.last_at) as happened_at,
        {%- for column in fields.values() %}
        placed.{{ column }},
        placed.tells_{{ column }}
            and placed.observed_at >= logged.{{ column }}_logged_from
            and placed.{{ column }} is distinct from logged.last_{{ column }}
            and max(case when placed.tells_{{ column }} then placed.live_version end) over record
            = placed.live_version
            as tells_{{ column }},
        {%- endfor %}
        placed.load_id,
        placed.ordinal,
        placed.known_at,
        placed.is_first_extraction
    from placed
    inner join logged
        on placed.entity_type = logged.entity_type and placed.entity_key = logged.entity_key
    window record as (partition by placed.entity_type, placed.entity_key)
    qualify max(placed.observed_at) over record >= logged.last_at
),

told as (
    select * from told_by_history
    union all by name
    select
        *,
        happened_at as told_at,
        2 as sequence_kind,
        null::bigint as event_number,
        true as is_inferred
    from (
        select * from told_by_records
        union all by name
        select * from told_after_logs
    )
),

-- A value is wrapped where it was told, so that an emptied field is not taken for an untold one.
-- One order for all windows: rows as wide as these are dear to sort.
carried as (
    select
        entity_type,
        entity_key,
        source_name,
        happened_at,
        sequence_kind,
        known_at,
        is_first_extraction,
        is_inferred,
        row_number() over told_so_far as state_number,
        lead(happened_at) over told_so_far is distinct from happened_at as is_last_of_instant
        {%- for column in fields.values() %},
        last_value(case when tells_{{ column }} then {value: {{ column }}} end ignore nulls)
            over (told_so_far rows unbounded preceding) as carried_{{ column }}
        {%- endfor %}
    from told
    where (tells_amount or tells_currency or tells_expected_close_date or tells_owner_key)
        and happened_at <= {{ day_end(setting('as_of')) }}
    window told_so_far as (
        partition by entity_type, entity_key
        order by happened_at, sequence_kind, told_at, {{ event_order() }}
    )
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
    carried_owner_key.value as owner_key,
    known_at as landed_at,
    case when is_first_extraction then happened_at else known_at end as known_at,
    is_first_extraction as is_known_at_assumed,
    is_inferred,
    -- The one to join to by time, where several were told at one instant.
    is_last_of_instant
from carried
