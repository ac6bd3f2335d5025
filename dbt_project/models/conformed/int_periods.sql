-- Every business day once for each kind of period (week, month, fiscal quarter), with the period
-- in which it lies, to the end of those that have begun by `as_of`.
with days as (
    select
        date_day,
        unnest(['week', 'month', 'quarter']) as period,
        unnest([week_start, month_start, fiscal_quarter_start]) as period_start
    from {{ ref('dim_date') }}
),

numbered as (
    select
        *,
        max(date_day) over (partition by period, period_start) as period_end,
        dense_rank() over (partition by period order by period_start) as period_number
    from days
)

select
    date_day,
    period,
    period_start,
    period_end,
    period_number,
    -- A period that is not over yet is judged at `as_of`.
    least(period_end, {{ setting('as_of') }}) as judged_on,
    date_day = period_start as is_first_day
from numbered
where period_start <= {{ setting('as_of') }}
order by period, date_day
