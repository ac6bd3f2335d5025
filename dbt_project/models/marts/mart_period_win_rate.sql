with last_open_amounts as (
    -- What a lost deal was last worth: its last positive amount while it was open.
    select
        deals.deal_key,
        max_by({amount: states.amount, currency: states.currency}, states.state_number) as worth
    from {{ ref('int_record_states') }} as states
    inner join {{ ref('fct_deals') }} as deals
        on states.entity_type = 'deal' and states.entity_key = deals.deal_key
    where states.amount > 0 and deals.is_lost and states.happened_at <= deals.closed_at
    group by all
),

closed as (
    select
        deals.*,
        date_trunc('month', deals.closed_on)::date as month_start,
        case
            when deals.is_lost
                then {{ to_reporting('last_open_amounts.worth.amount', 'rates.rate_to_reporting') }}
        end as lost_amount_reporting
    from {{ ref('int_deal_dimensions') }} as deals
    left join last_open_amounts on deals.deal_key = last_open_amounts.deal_key
    left join {{ ref('fct_fx_rates') }} as rates
        on last_open_amounts.worth.currency = rates.currency
        and deals.closed_on = rates.rate_date
    -- A closed deal without any date has no month.
    where (deals.is_won or deals.is_lost) and deals.closed_on is not null
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
    case
        when lost_with_amount >= 0.8 * lost
            then {{ ratio('won_amount_reporting', '(won_amount_reporting + lost_amount_reporting)') }}
    end as value_win_rate,
    {{ ratio('won_amount_reporting', 'won_with_amount') }} as average_won_amount_reporting,
    {{ ratio('cycle_days', '(won + lost)') }} as average_cycle_days
from counted
order by month_start, dimension, dimension_value
