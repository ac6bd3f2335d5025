with targets as (
    select
        period_start, period_end, dimension, dimension_value,
        sum(target_reporting)::decimal(18, 2) as target
    from {{ ref('int_targets') }}
    group by all
),

won_deals as (
    select dimension, dimension_value, closed_on, amount_reporting
    from {{ ref('int_deals_by_dimension') }}
    where is_won and amount_reporting is not null
),

won_so_far as (
    select
        targets.period_start, targets.period_end, targets.dimension, targets.dimension_value,
        sum(won_deals.amount_reporting)::decimal(18, 2) as amount
    from targets
    inner join won_deals
        on targets.dimension = won_deals.dimension
        and targets.dimension_value = won_deals.dimension_value
        and won_deals.closed_on between targets.period_start and targets.period_end
    group by all
),

-- What a won deal is worth, over all time.
worths as (
    select
        dimension, dimension_value,
        count(*) as deals,
        sum(amount_reporting)::decimal(18, 2) as amount
    from won_deals
    group by all
),

leads as (
    select
        leads.source_name, leads.pipeline, leads.owner_key, owners.team, leads.lead_source,
        leads.region, leads.is_won
    from {{ ref('fct_leads') }} as leads
    left join {{ ref('dim_owner') }} as owners on leads.owner_key = owners.owner_key
    where not leads.is_deleted
),

lead_counts as (
    select
        dimension, dimension_value,
        count(*) as leads,
        count(*) filter (where is_won) as won_leads
    from {{ by_dimension('leads') }}
    group by all
),

measured as (
    select
        targets.*,
        coalesce(won_so_far.amount, 0)::decimal(18, 2) as won_so_far,
        greatest(targets.target - coalesce(won_so_far.amount, 0), 0)::decimal(18, 2) as gap,
        coalesce(lead_counts.leads, 0) as leads,
        coalesce(lead_counts.won_leads, 0) as won_leads,
        worths.deals as worth_deals,
        case when worths.amount > 0 then worths.amount end as worth_amount
    from targets
    left join won_so_far using (period_start, period_end, dimension, dimension_value)
    left join worths using (dimension, dimension_value)
    left join lead_counts using (dimension, dimension_value)
),

-- Rounded up from whole numbers (cents, deals, leads): a float would round up what is exact.
wins as (
    select
        *,
        case
            when gap = 0 then 0
            else {{ rounded_up('(gap * 100)::hugeint * worth_deals', '(worth_amount * 100)::hugeint') }}
        end as required_wins
    from measured
)

select
    period_start,
    period_end,
    dimension,
    dimension_value,
    target,
    won_so_far,
    gap,
    leads,
    won_leads,
    {{ ratio('won_leads', 'leads') }} as lead_to_won_rate,
    {{ ratio('worth_amount', 'worth_deals') }} as average_won_amount_reporting,
    required_wins::bigint as required_wins,
    case
        when required_wins = 0 then 0
        else {{ rounded_up('required_wins::hugeint * leads', 'won_leads') }}
    end::bigint as required_leads
from wins
order by period_start, period_end, dimension, dimension_value
