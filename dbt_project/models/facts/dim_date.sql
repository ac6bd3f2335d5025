with bounds as (
    select
        least(
            (select min(rate_date) from {{ ref('fct_fx_rates') }}),
            {{ setting('as_of') }}
        ) as first_day
),

days as (
    select unnest(generate_series(
        date_trunc('year', first_day)::timestamp - interval 1 year,
        date_trunc('year', {{ setting('as_of') }})::timestamp + interval 3 year - interval 1 day,
        interval 1 day
    ))::date as date_day
    from bounds
),

fiscal as (
    select
        date_day,
        -- Months since the fiscal year began, 0 to 11.
        (month(date_day) - {{ setting('fiscal_year_start_month') }} + 12) % 12 as fiscal_month_index
    from days
),

placed as (
    select
        *,
        (date_trunc('month', date_day) - to_months(fiscal_month_index % 3))::date
            as fiscal_quarter_start,
        (date_trunc('month', date_day) - to_months(fiscal_month_index))::date as fiscal_year_start
    from fiscal
)

select
    date_day,
    strftime(date_day, '%G-W%V') as iso_week,
    (date_day - (isodow(date_day) - {{ setting('week_start_isodow') }} + 7)::integer % 7)::date
        as week_start,
    date_trunc('month', date_day)::date as month_start,
    date_trunc('quarter', date_day)::date as quarter_start,
    -- A fiscal year carries the calendar year in which it ends.
    year(fiscal_year_start + interval 11 month)::integer as fiscal_year,
    (fiscal_month_index // 3 + 1)::integer as fiscal_quarter,
    fiscal_quarter_start,
    (date_day - fiscal_quarter_start + 1)::integer as day_of_fiscal_quarter,
    isodow(date_day) >= 6 as is_weekend
from placed
order by date_day
