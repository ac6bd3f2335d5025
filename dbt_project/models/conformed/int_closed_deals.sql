-- Every deal that is closed at `as_of` and has a date, with what it was worth.
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
)

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
