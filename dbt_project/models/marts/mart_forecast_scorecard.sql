-- How good each method was for the whole company, by how far ahead it looked. Forecasts made again
-- with the knowledge of their day, so that every method is judged on the same days.
with horizons as (
    select * from (values
        ('30d', 0.00, 30), ('60d', 0.00, 60), ('90d', 0.00, 90),
        -- Days that are left of a month of 30 and a quarter of 92 days.
        ('month', 0.25, 22), ('month', 0.50, 15), ('month', 0.75, 7),
        ('quarter', 0.25, 69), ('quarter', 0.50, 46), ('quarter', 0.75, 23)
    ) as listed (period, seen_rate, horizon_days)
),

judged as (
    select
        horizons.horizon_days,
        horizons.seen_rate as nominal_seen_rate,
        accuracy.*  exclude (horizon_days)
    from {{ ref('mart_forecast_accuracy') }} as accuracy
    inner join horizons
        on accuracy.period = horizons.period
        -- To the day, of a quarter to the nearest day on which there is a forecast.
        and abs(
            accuracy.as_of - accuracy.period_start + 1
            - {{ seen_days('horizons.seen_rate', 'accuracy.period_start', 'accuracy.period_end') }}
        ) <= (horizons.period = 'quarter')::integer
    where accuracy.dimension = 'all' and not accuracy.is_as_published
),

-- Each open deal's chance to be won within the window, and whether it was.
chances as (
    select
        chances.method,
        chances.horizon_days,
        (
            chances.win_probability
            - coalesce(
                deals.is_won
                and deals.closed_on > chances.as_of
                and deals.closed_on <= chances.as_of + chances.horizon_days,
                false
            )::integer
        ) ^ 2 as squared_error
    from {{ ref('int_backtest') }} as chances
    left join {{ ref('fct_deals') }} as deals on chances.dimension_value = deals.deal_key
    where chances.dimension = 'deal'
        and chances.horizon_days in (30, 60, 90)
        and chances.as_of + chances.horizon_days <= {{ setting('as_of') }}
),

brier as (
    select
        method, horizon_days,
        -- Exact, so that the order of addition does not matter.
        sum(squared_error::decimal(18, 12)) as squared_error,
        count(*) as deals
    from chances
    group by all
)

select
    judged.method,
    judged.horizon_days,
    judged.period,
    judged.nominal_seen_rate::double as seen_rate,
    count(*) as periods,
    min(judged.as_of) as first_as_of,
    max(judged.as_of) as last_as_of,
    {{ ratio('sum(judged.absolute_error)', 'sum(judged.actual)') }} as wape,
    {{ ratio('sum(judged.error)', 'sum(judged.actual)') }} as bias,
    {{ ratio('count(*) filter (where judged.is_in_80)', 'count(judged.is_in_80)') }} as coverage_80,
    {{ ratio('sum(judged.pinball_loss::decimal(38, 6))', 'count(judged.pinball_loss)') }}
        as mean_pinball_loss,
    {{ ratio('any_value(brier.squared_error)', 'any_value(brier.deals)') }} as brier_score
from judged
left join brier
    on judged.method = brier.method
    and judged.horizon_days = brier.horizon_days
    and judged.period in ('30d', '60d', '90d')
group by judged.method, judged.horizon_days, judged.period, judged.nominal_seen_rate
order by judged.horizon_days, judged.method
