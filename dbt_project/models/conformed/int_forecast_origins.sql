-- The past days on which the forecast is tried out, each with a fingerprint of what it is made of:
-- everything that was known at the end of the day. While the fingerprint stays, so does the result.
{% set months = 12 %}

with month_ends as (
    select
        number,
        last_day((date_trunc('month', {{ setting('as_of') }}) - to_months(number::integer))::date)
            as month_end
    -- Three more, so that windows of 90 days cover the last twelve months as well.
    from (select unnest(range({{ months }} + 4)) as number)
),

days as (
    select
        month_end as as_of,
        -- What is tried out first: the last twelve month ends.
        case when number between 1 and {{ months }} then 1 else 3 end as rank
    from month_ends
    union all
    -- A quarter, half and three quarters into each month that is over. Those of a fiscal quarter lie
    -- within a day of one of them.
    select
        (
            date_trunc('month', month_end)::date
            + {{ seen_days('seen_rate', "date_trunc('month', month_end)::date", 'month_end') }} - 1
        )::date as as_of,
        2 as rank
    from month_ends
    cross join (select unnest([0.25, 0.5, 0.75]) as seen_rate)
    where number <= {{ months }} and month_end <= {{ setting('as_of') }}
),

-- As many as the settings allow, the newest first. Nothing can be learned before the first deal was
-- decided.
origins as (
    select as_of from days
    where as_of < {{ setting('as_of') }}
        and as_of >= (
            select min(known_on) from {{ ref('int_forecast_closings') }}
            where outcome in ('won', 'lost')
        )
    qualify row_number() over (order by rank, as_of desc) <= {{ setting('forecast_past_days') }}
),

spans as (
    select * exclude (valid_to) from {{ ref('int_forecast_spans') }}
),

closings as (
    select * exclude (ended_on) from {{ ref('int_forecast_closings') }}
),

-- What each day added to what is known. That a span or a closing came to its end is news of its
-- own, of the day on which it did.
news as (
    select known_on as day, {{ row_hash('spans') }} as number from spans
    union all
    select
        greatest(valid_to, known_on),
        {{ row_hash("(deal_key, valid_from, 'until', valid_to)") }}
    from {{ ref('int_forecast_spans') }}
    where valid_to is not null
    union all
    select known_on, {{ row_hash('closings') }} from closings
    union all
    select
        greatest(ended_on, known_on),
        {{ row_hash("(deal_key, closed_on, 'ended', ended_on)") }}
    from {{ ref('int_forecast_closings') }}
    where ended_on is not null
),

daily as (
    select day, sum(number) as number from news
    group by day
),

-- Deals that are open on the day are valued at its rates.
rates as (
    select rate_date, sum({{ row_hash('(currency, rate_to_reporting)') }}) as number
    from {{ ref('fct_fx_rates') }}
    where rate_date in (select as_of from origins)
    group by rate_date
)

select
    origins.as_of,
    md5(concat_ws(
        '|', sum(daily.number), any_value(rates.number), {{ setting('fiscal_year_start_month') }},
        {{ setting('forecast_version') }}
    )) as fingerprint
from origins
left join daily on daily.day <= origins.as_of
left join rates on origins.as_of = rates.rate_date
group by origins.as_of
order by origins.as_of
