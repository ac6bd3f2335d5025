-- A returned row is a period and dimension value whose opening or closing is not what the pipeline
-- summary shows at the end of the day before the period, or of its last day.
with ends as (
    select
        period,
        period_start,
        'opening' as side,
        period_start - 1 as at_end_of
    from {{ ref('int_periods') }}
    where is_first_day
    union all
    select period, period_start, 'closing' as side, judged_on as at_end_of
    from {{ ref('int_periods') }}
    where is_first_day
),

summary as (
    select
        ends.period,
        ends.period_start,
        ends.side,
        summary.dimension,
        summary.dimension_value,
        sum(summary.deals) as deals,
        sum(summary.amount_reporting) as amount
    from {{ ref('mart_pipeline_summary') }} as summary
    inner join ends on summary.snapshot_date = ends.at_end_of
    group by all
),

waterfall as (
    select
        period, period_start, 'opening' as side, dimension, dimension_value,
        opening_count as deals, opening as amount
    from {{ ref('mart_pipeline_waterfall') }}
    where opening_count > 0
    union all
    select
        period, period_start, 'closing' as side, dimension, dimension_value,
        closing_count as deals, closing as amount
    from {{ ref('mart_pipeline_waterfall') }}
    where closing_count > 0
)

select
    period,
    period_start,
    side,
    dimension,
    dimension_value,
    waterfall.deals as deals_in_waterfall,
    summary.deals as deals_in_summary,
    waterfall.amount as amount_in_waterfall,
    summary.amount as amount_in_summary
from waterfall
full join summary using (period, period_start, side, dimension, dimension_value)
where waterfall.deals is distinct from summary.deals
    or waterfall.amount is distinct from summary.amount
