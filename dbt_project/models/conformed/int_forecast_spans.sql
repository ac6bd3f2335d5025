{{ keep_by_record("'deal'", 'deal_key') }}

-- An open deal's end-of-day states, as a forecast made on any past day may read them.
--
-- The spans of `int_deal_days`, split where the owner's team, the CRM's own probability or what is
-- known of the deal's origin changed in the middle of one. Money is at the rate of the first day.
with spans as (
    select
        days.deal_key,
        days.source_name,
        days.pipeline,
        days.stage,
        days.stage_position,
        days.win_rate,
        days.created_on,
        days.stage_entered_on,
        days.amount,
        days.currency,
        days.expected_close_date,
        days.owner_key,
        days.push_count,
        days.known_at,
        days.valid_from,
        coalesce(days.valid_to, date '9999-12-31') as until_day
    from {{ ref('int_deal_days') }} as days
    where {{ has_changed("'deal'", 'days.deal_key') }}
),

placed as (
    select
        spans.* replace (
            greatest(spans.valid_from, owners.valid_from, origins.valid_from) as valid_from,
            least(spans.until_day, owners.valid_to, origins.valid_to) as until_day
        ),
        owners.team,
        coalesce(origins.region, owners.region) as region,
        origins.lead_source
    from spans
    left join {{ ref('int_owner_versions') }} as owners
        on spans.owner_key = owners.owner_key
        and spans.valid_from < owners.valid_to
        and owners.valid_from < spans.until_day
    left join {{ ref('int_forecast_origin_facts') }} as origins
        on spans.deal_key = origins.deal_key
        and spans.valid_from < origins.valid_to
        and origins.valid_from < spans.until_day
    -- Of two that hold only one after the other there is no day.
    where greatest(spans.valid_from, owners.valid_from, origins.valid_from)
        < least(spans.until_day, owners.valid_to, origins.valid_to)
),

-- Before the CRM told a probability there is none: the days before its first one are a span too.
told as (
    select deal_key, probability, valid_from, valid_to from {{ ref('int_deal_probabilities') }}
    where {{ has_changed("'deal'", 'deal_key') }}
    union all
    select deal_key, null, date '0001-01-01', min(valid_from)
    from {{ ref('int_deal_probabilities') }}
    where {{ has_changed("'deal'", 'deal_key') }}
    group by deal_key
),

judged as (
    select
        placed.* replace (
            greatest(placed.valid_from, told.valid_from) as valid_from,
            least(placed.until_day, told.valid_to) as until_day
        ),
        told.probability as crm_probability
    from placed
    left join told
        on placed.deal_key = told.deal_key
        and placed.valid_from < told.valid_to
        and told.valid_from < placed.until_day
)

select
    judged.deal_key,
    judged.source_name,
    judged.pipeline,
    judged.stage,
    judged.stage_position,
    judged.win_rate,
    judged.created_on,
    judged.stage_entered_on,
    judged.valid_from,
    nullif(judged.until_day, date '9999-12-31') as valid_to,
    judged.amount,
    judged.currency,
    {{ to_reporting('judged.amount', 'rates.rate_to_reporting') }} as amount_reporting,
    judged.expected_close_date,
    judged.owner_key,
    judged.team,
    judged.lead_source,
    judged.region,
    judged.push_count,
    judged.crm_probability,
    greatest(
        judged.valid_from, coalesce(known.known_on, {{ business_day('judged.known_at') }})
    ) as known_on
from judged
left join {{ ref('int_known_days') }} as known on judged.known_at = known.known_at
left join {{ ref('fct_fx_rates') }} as rates
    on judged.currency = rates.currency and judged.valid_from = rates.rate_date
