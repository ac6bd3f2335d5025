with closed as (
    select * from {{ ref('int_closed_deals') }}
),

counted as (
    select
        month_start,
        dimension,
        dimension_value,
        count(*) filter (where is_won) as won,
        count(*) filter (where is_lost) as lost,
        coalesce(sum(amount_reporting) filter (where is_won), 0)::decimal(18, 2)
            as won_amount_reporting,
        coalesce(sum(lost_amount_reporting) filter (where is_lost), 0)::decimal(18, 2)
            as lost_amount_reporting,
        count(*) filter (where is_won and amount_reporting is not null) as won_with_amount,
        count(*) filter (where is_lost and lost_amount_reporting is not null) as lost_with_amount,
        sum(sales_cycle_days) as cycle_days
    from {{ by_dimension('closed') }}
    group by all
)

select
    month_start,
    dimension,
    dimension_value,
    won,
    lost,
    won_amount_reporting,
    lost_amount_reporting,
    {{ ratio('won', '(won + lost)') }} as win_rate,
    {{ value_win_rate('won_amount_reporting', 'lost_amount_reporting', 'lost', 'lost_with_amount') }}
        as value_win_rate,
    {{ ratio('won_amount_reporting', 'won_with_amount') }} as average_won_amount_reporting,
    {{ ratio('cycle_days', '(won + lost)') }} as average_cycle_days
from counted
order by month_start, dimension, dimension_value
