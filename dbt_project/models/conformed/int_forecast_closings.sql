{{ keep_by_record("'deal'", 'deal_key') }}

-- One row a deal and run of business days at whose ends it was won, lost or removed.
--
-- A deal may close, reopen and close again. Restored, it is closed as of its old closing, but that
-- is known from its restoration on.
with stages as (
    select
        entity_key as deal_key,
        source_name,
        pipeline,
        transitioned_on as day,
        to_category as category,
        min(transitioned_on) over past as created_on,
        coalesce(
            last_value({{ removes('transition_type') }} ignore nulls) over past, false
        ) as is_removed,
        max(case when is_closing then transitioned_on end) over past as last_closed_on,
        max(known_at) over past as known_at
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and {{ has_changed("'deal'", 'entity_key') }}
    window past as (
        partition by entity_key order by entity_sequence rows unbounded preceding
    )
    qualify lead(transitioned_on) over (partition by entity_key order by entity_sequence)
        is distinct from transitioned_on
),

states as (
    select
        deal_key,
        source_name,
        pipeline,
        created_on,
        day,
        case when is_removed then 'removed' else category end as outcome,
        case
            when is_removed then day
            when category <> 'open' then last_closed_on
        end as closed_on,
        known_at
    from stages
),

-- A run goes on while nothing of it changes; removed again on another day is no news.
runs as (
    select * from states
    window onward as (partition by deal_key order by day)
    qualify coalesce(
        outcome <> lag(outcome) over onward
        or (outcome <> 'removed' and closed_on is distinct from lag(closed_on) over onward),
        true
    )
),

ended as (
    select
        *,
        lead(day) over (partition by deal_key order by day) as ended_on
    from runs
),

-- The deal's fields at the end of each day on which one changed.
day_states as (
    select entity_key as deal_key, happened_on, amount, currency, owner_key
    from {{ ref('int_record_states') }}
    where entity_type = 'deal' and {{ has_changed("'deal'", 'entity_key') }}
    qualify row_number() over (
        partition by entity_key, happened_on order by state_number desc
    ) = 1
),

described as (
    select
        ended.*,
        states.amount,
        states.currency,
        states.owner_key
    from ended
    asof left join day_states as states
        on ended.deal_key = states.deal_key and ended.closed_on >= states.happened_on
    where ended.outcome <> 'open'
)

select
    described.deal_key,
    described.source_name,
    described.pipeline,
    described.created_on,
    described.closed_on,
    described.outcome,
    {{ to_reporting('described.amount', 'rates.rate_to_reporting') }} as amount_reporting,
    described.owner_key,
    owners.team,
    origins.lead_source,
    coalesce(origins.region, owners.region) as region,
    described.ended_on,
    greatest(
        described.day, coalesce(known.known_on, {{ business_day('described.known_at') }})
    ) as known_on
from described
left join {{ ref('int_owner_versions') }} as owners
    on described.owner_key = owners.owner_key
    and described.closed_on >= owners.valid_from
    and described.closed_on < owners.valid_to
left join {{ ref('int_forecast_origin_facts') }} as origins
    on described.deal_key = origins.deal_key
    and described.closed_on >= origins.valid_from
    and described.closed_on < origins.valid_to
left join {{ ref('int_known_days') }} as known on described.known_at = known.known_at
left join {{ ref('fct_fx_rates') }} as rates
    on described.currency = rates.currency and described.closed_on = rates.rate_date
