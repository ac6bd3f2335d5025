{% set bases = ['int_deal_days', 'int_fx_rates', 'days', 'requested'] %}
{{ keep_by_day('snapshot_date', bases, order='month') }}

-- Every open deal at the end of every business day. Spans are cut at the ends of months, put in
-- order, and laid out into days last, with the deal's columns and the rates of the days beside them:
-- about as dear as copying the result, because the days themselves are neither joined nor sorted.
--
-- Within a month a deal's days follow one another, alike in nearly everything, which takes half the
-- space that the order of days takes.
with spans as (
    select
        *,
        greatest(valid_from, {{ first_day(bases, 'month') }}) as first_day,
        least(coalesce(valid_to - 1, {{ setting('as_of') }}), {{ setting('as_of') }}) as last_day
    from {{ ref('int_deal_days') }}
),

months as (
    select
        *,
        unnest(
            generate_series(date_trunc('month', first_day), last_day, interval 1 month)
        )::date as month
    from spans
    where first_day <= last_day
),

pieces as (
    select * replace (
        greatest(first_day, month) as first_day,
        least(last_day, last_day(month)) as last_day
    )
    from months
),

-- The rates of a currency by the day of the month: null on days without one.
rate_days as (
    select
        currency,
        month,
        unnest(generate_series(month, last_day(month), interval 1 day))::date as rate_date
    from (
        select distinct currency, date_trunc('month', rate_date)::date as month
        from {{ ref('fct_fx_rates') }}
    )
),

month_rates as (
    select
        rate_days.currency,
        rate_days.month,
        list(rates.rate_to_reporting order by rate_days.rate_date) as rates
    from rate_days
    left join {{ ref('fct_fx_rates') }} as rates
        on rate_days.currency = rates.currency
        and rate_days.rate_date = rates.rate_date
    group by all
),

ordered as (
    select
        pieces.*,
        month_rates.rates[day(pieces.first_day):day(pieces.last_day)] as rates
    from pieces
    left join month_rates
        on pieces.currency = month_rates.currency
        and pieces.month = month_rates.month
    order by pieces.month, pieces.deal_key, pieces.first_day
),

-- No join and no sort from here on: they would not keep the order.
laid_out as (
    select
        (first_day + unnest(range((last_day - first_day + 1)::integer))::integer)::date as snapshot_date,
        unnest(rates) as rate,
        * exclude (rates)
    from ordered
)

select
    snapshot_date,
    deal_key,
    source_name,
    pipeline,
    stage,
    stage_position,
    amount,
    currency,
    {{ to_reporting('amount', 'rate') }} as amount_reporting,
    expected_close_date,
    owner_key,
    (snapshot_date - stage_entered_on)::integer as days_in_stage,
    (snapshot_date - created_on)::integer as days_open,
    push_count,
    win_rate,
    ({{ to_reporting('amount', 'rate') }} * win_rate)::decimal(18, 4) as weighted_amount_reporting,
    known_at,
    coalesce(snapshot_date <= restated_until, false) as is_restated
from laid_out
