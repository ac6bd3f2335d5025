-- Every deal that is open at `as_of`, with what a forecast needs of it. A missing amount is valued
-- at the mean won amount of its pipeline.
with won_means as (
    select pipeline, avg(amount_reporting)::decimal(18, 2) as mean_won_amount
    from {{ ref('fct_deals') }}
    where is_won and amount_reporting > 0
    group by all
),

entered as (
    select entity_key as deal_key, max(transitioned_on) as stage_entered_on
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and transition_type not in ('deleted', 'merged', 'restored')
    group by all
)

select
    deals.deal_key,
    deals.source_name,
    deals.pipeline,
    deals.stage,
    deals.owner_key,
    deals.team,
    deals.lead_source,
    deals.region,
    deals.expected_close_date,
    stages.win_rate,
    deals.amount_reporting is null as is_without_amount,
    coalesce(deals.amount_reporting, won_means.mean_won_amount, 0)::decimal(18, 2) as value_reporting,
    -- Undated deals have no age: null.
    ({{ setting('as_of') }} - entered.stage_entered_on)::integer as days_in_stage
from {{ ref('int_deal_dimensions') }} as deals
left join won_means on deals.pipeline = won_means.pipeline
left join entered on deals.deal_key = entered.deal_key
left join {{ ref('int_stage_list') }} as stages
    on deals.source_name = stages.source_name
    and stages.entity_type = 'deal'
    and deals.pipeline = stages.pipeline
    and deals.stage = stages.stage
where deals.stage_category = 'open' and not deals.is_deleted
