with closed as (
    select
        month_start, dimension, dimension_value,
        average_won_amount_reporting, win_rate, average_cycle_days
    from {{ ref('mart_period_win_rate') }}
),

month_ends as (
    select month_start, max(date_day) as month_end
    from {{ ref('dim_date') }}
    where date_day <= {{ setting('as_of') }}
    group by all
),

-- Open at the end of the month, or of `as_of` in the current one.
standing as (
    select
        month_ends.month_start,
        summary.dimension,
        summary.dimension_value,
        sum(summary.deals)::bigint as open_deals
    from {{ ref('mart_pipeline_summary') }} as summary
    inner join month_ends on summary.snapshot_date = month_ends.month_end
    group by all
),

combined as (
    select
        coalesce(standing.month_start, closed.month_start) as month_start,
        coalesce(standing.dimension, closed.dimension) as dimension,
        coalesce(standing.dimension_value, closed.dimension_value) as dimension_value,
        coalesce(standing.open_deals, 0) as open_deals,
        closed.average_won_amount_reporting,
        closed.win_rate,
        closed.average_cycle_days
    from standing
    full join closed
        on standing.month_start = closed.month_start
        and standing.dimension = closed.dimension
        and standing.dimension_value = closed.dimension_value
)

select
    *,
    {{ ratio('open_deals * average_won_amount_reporting * win_rate', 'average_cycle_days') }}
        as velocity_per_day
from combined
order by month_start, dimension, dimension_value
