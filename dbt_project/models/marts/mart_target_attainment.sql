with targets as (
    select
        period_start,
        period_end,
        dimension,
        dimension_value,
        -- Without the rate of one of them, what was aimed at is not known.
        case when count(*) = count(target_reporting) then sum(target_reporting) end
            ::decimal(18, 2) as target
    from {{ ref('int_targets') }}
    group by all
),

-- Only the values that have a target, so that deals are not unfolded for nothing.
deals as (
    select * from {{ ref('int_deals_by_dimension') }}
    where dimension in (select dimension from targets)
),

won as (
    select
        targets.period_start, targets.period_end, targets.dimension, targets.dimension_value,
        sum(deals.amount_reporting) as won,
        count(*) as won_deals
    from targets
    inner join deals
        on targets.dimension = deals.dimension
        and targets.dimension_value = deals.dimension_value
        and deals.closed_on between targets.period_start and targets.period_end
    where deals.is_won
    group by all
),

open_due as (
    select
        targets.period_start, targets.period_end, targets.dimension, targets.dimension_value,
        sum(deals.amount_reporting) as open_due,
        count(*) as open_due_deals
    from targets
    inner join deals
        on targets.dimension = deals.dimension
        and targets.dimension_value = deals.dimension_value
        and deals.expected_close_date between targets.period_start and targets.period_end
    where deals.stage_category = 'open' and not deals.is_deleted
    group by all
),

closed as (
    select * from {{ ref('int_closed_deals') }}
),

value_rates as (
    select
        dimension,
        dimension_value,
        {{ value_win_rate(
            'sum(amount_reporting) filter (where is_won)',
            'sum(lost_amount_reporting) filter (where is_lost)',
            'count(*) filter (where is_lost)',
            'count(lost_amount_reporting) filter (where is_lost)'
        ) }} as value_win_rate
    from {{ by_dimension('closed') }}
    group by all
),

measured as (
    select
        targets.*,
        coalesce(won.won, 0)::decimal(18, 2) as won,
        coalesce(won.won_deals, 0)::bigint as won_deals,
        -- Not known without a target: the engine's greatest() passes over nulls.
        case
            when targets.target is not null then greatest(targets.target - coalesce(won.won, 0), 0)
        end::decimal(18, 2) as gap,
        coalesce(open_due.open_due, 0)::decimal(18, 2) as open_due,
        coalesce(open_due.open_due_deals, 0)::bigint as open_due_deals,
        value_rates.value_win_rate,
        -- Months since the fiscal year began, 0 to 11; null where the period begins within a month.
        case
            when targets.period_start = date_trunc('month', targets.period_start)
                then (month(targets.period_start) - {{ setting('fiscal_year_start_month') }} + 12) % 12
        end as fiscal_month_index
    from targets
    left join won using (period_start, period_end, dimension, dimension_value)
    left join open_due using (period_start, period_end, dimension, dimension_value)
    left join value_rates using (dimension, dimension_value)
)

select
    {{ setting('as_of') }} as as_of,
    case
        when fiscal_month_index is null then 'other'
        when period_end = period_start + interval 1 month - interval 1 day then 'month'
        when period_end = period_start + interval 3 month - interval 1 day
            and fiscal_month_index % 3 = 0
            then 'quarter'
        when period_end = period_start + interval 12 month - interval 1 day
            and fiscal_month_index = 0
            then 'year'
        else 'other'
    end as period,
    period_start,
    period_end,
    dimension,
    dimension_value,
    target,
    won,
    won_deals,
    {{ ratio('won', 'target') }} as attainment_rate,
    gap,
    open_due,
    open_due_deals,
    {{ ratio('open_due', 'gap') }} as coverage,
    value_win_rate,
    case
        when gap = 0 then 0
        else try_cast(round(gap::double / nullif(value_win_rate, 0), 2) as decimal(18, 2))
    end::decimal(18, 2) as required_pipeline
from measured
order by period_start, period_end, dimension, dimension_value
