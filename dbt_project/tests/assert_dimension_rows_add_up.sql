-- A returned row is a month of the win rates, or a day, pipeline and stage of the pipeline
-- summary, in which the rows of a dimension do not sum to the row of `all`.
with measured as (
    select
        'mart_period_win_rate' as table_name,
        month_start as period,
        null as pipeline,
        null as stage,
        dimension,
        sum(won) as deals,
        sum(lost) as lost_deals,
        sum(won_amount_reporting) as amount,
        sum(lost_amount_reporting)::decimal(38, 4) as second_amount
    from {{ ref('mart_period_win_rate') }}
    group by all
    union all
    select
        'mart_pipeline_summary' as table_name,
        snapshot_date as period,
        pipeline,
        stage,
        dimension,
        sum(deals) as deals,
        0 as lost_deals,
        sum(amount_reporting) as amount,
        sum(weighted_amount_reporting)::decimal(38, 4) as second_amount
    from {{ ref('mart_pipeline_summary') }}
    group by all
)

select table_name, period, pipeline, stage
from measured
group by all
having count(*) <> 7
    or min(deals) <> max(deals)
    or min(lost_deals) <> max(lost_deals)
    or min(amount) <> max(amount)
    or min(second_amount) <> max(second_amount)
