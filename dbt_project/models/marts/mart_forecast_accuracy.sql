-- What was forecast for every period that is over, and what came. Forecasts of past days are made
-- again with what was known then; beside them stand those that were published at the time.
with recomputed as (
    select
        method, as_of, period, period_start, period_end, dimension, dimension_value,
        expected, p10, p25, p50, p75, p90, false as is_as_published
    from {{ ref('int_backtest') }}
    where dimension <> 'deal'
),

-- A source that began later than a period's model has nothing to repeat, unlike the company: of it
-- `naive` says nothing.
repeatable as (
    select recomputed.* from recomputed
    left join {{ ref('int_dimension_reach') }} as reach
        on recomputed.dimension = reach.dimension
        and recomputed.dimension_value = reach.dimension_value
    left join {{ ref('int_dimension_reach') }} as company on company.dimension = 'all'
    where recomputed.method <> 'naive'
        or reach.first_on is null
        or reach.first_on <= recomputed.period_start - to_years(1)
        or company.first_on > recomputed.period_start - to_years(1)
),

-- The first word on a day counts: a night that reports it again says nothing new.
published as (
    select
        method, as_of, period, period_start, period_end, dimension, dimension_value,
        expected, p10, p25, p50, p75, p90, true as is_as_published
    from {{ source('landing', 'published_forecasts') }}
    qualify known_at = min(known_at) over (partition by as_of)
),

finished as (
    select * from repeatable
    where period_end <= {{ setting('as_of') }}
    union all by name
    select * from published
    where period_end <= {{ setting('as_of') }} and as_of < period_end
),

won_days as (
    select dimension, dimension_value, closed_on, sum(amount_reporting) as won
    from {{ ref('int_deals_by_dimension') }}
    where is_won and amount_reporting is not null
    group by all
),

actuals as (
    select
        windows.period_start, windows.period_end, won_days.dimension, won_days.dimension_value,
        sum(won_days.won)::decimal(18, 2) as actual
    from (select distinct period_start, period_end from finished) as windows
    inner join won_days
        on won_days.closed_on between windows.period_start and windows.period_end
    group by all
),

-- Whoever won without having been there at the time was forecast nothing. Where there was no period
-- to repeat, `naive` said nothing, which is not a forecast of nothing.
forecasts as (
    select * from finished
    union all by name
    select
        made.*,
        actuals.dimension,
        actuals.dimension_value,
        0 as expected, 0 as p10, 0 as p25, 0 as p50, 0 as p75, 0 as p90
    from (
        select distinct method, as_of, period, period_start, period_end, is_as_published from finished
    ) as made
    inner join actuals
        on made.period_start = actuals.period_start and made.period_end = actuals.period_end
    anti join finished as told
        on {{ is_same_forecast('made', 'told') }}
        and made.is_as_published = told.is_as_published
        and actuals.dimension = told.dimension
        and actuals.dimension_value = told.dimension_value
    where made.method <> 'naive'
),

judged as (
    select
        forecasts.* replace (
            forecasts.p10::decimal(18, 2) as p10,
            forecasts.p25::decimal(18, 2) as p25,
            forecasts.p50::decimal(18, 2) as p50,
            forecasts.p75::decimal(18, 2) as p75,
            forecasts.p90::decimal(18, 2) as p90
        ),
        forecasts.expected::decimal(18, 2) as forecast,
        coalesce(actuals.actual, 0)::decimal(18, 2) as actual
    from forecasts
    left join actuals
        on forecasts.period_start = actuals.period_start
        and forecasts.period_end = actuals.period_end
        and forecasts.dimension = actuals.dimension
        and forecasts.dimension_value = actuals.dimension_value
)

select
    method,
    as_of,
    period,
    period_start,
    period_end,
    dimension,
    dimension_value,
    is_as_published,
    (period_end - as_of)::integer as horizon_days,
    {{ ratio('greatest(as_of - period_start + 1, 0)', '(period_end - period_start + 1)') }} as seen_rate,
    forecast,
    p10,
    p25,
    p50,
    p75,
    p90,
    actual,
    (forecast - actual)::decimal(18, 2) as error,
    abs(forecast - actual)::decimal(18, 2) as absolute_error,
    actual between p10 and p90 as is_in_80,
    {{ pinball_loss('actual', {0.1: 'p10', 0.25: 'p25', 0.5: 'p50', 0.75: 'p75', 0.9: 'p90'}) }}
        as pinball_loss
from judged
order by
    is_as_published, as_of, method, period_start, period, dimension, dimension_value
