{{ config(materialized='view') }}

-- One row a lead or deal and step of its funnel (a passed stage to the next one, and to `won`),
-- with what became of it at `as_of`, and after how long.
with lead_deals as (
    select lead_key, deal_key from {{ ref('fct_deals') }}
    where lead_key is not null
    union
    select lead_key, deal_key from {{ ref('fct_leads') }}
    where deal_key is not null
),

-- When each lead's deals were first won; when the last of them was lost or removed.
lead_outcomes as (
    select
        lead_deals.lead_key,
        bool_or(
            deals.is_won or (passes.outcome_passed_at is not null and not deals.is_deleted)
        ) as is_won,
        min(coalesce(passes.outcome_passed_at, deals.closed_at)) filter (
            where deals.is_won or (passes.outcome_passed_at is not null and not deals.is_deleted)
        ) as won_at,
        bool_and(deals.is_lost or deals.is_deleted) as is_lost,
        max(coalesce(status.removed_at, deals.closed_at)) as lost_at
    from lead_deals
    inner join {{ ref('fct_deals') }} as deals on lead_deals.deal_key = deals.deal_key
    left join {{ ref('int_entity_status') }} as status
        on status.entity_type = 'deal' and deals.deal_key = status.entity_key
    left join (
        select entity_key as deal_key, min(outcome_passed_at) as outcome_passed_at
        from {{ ref('int_funnel_passes') }}
        where entity_type = 'deal' and outcome_passed_at is not null
        group by all
    ) as passes on lead_deals.deal_key = passes.deal_key
    group by all
),

standings as (
    select
        status.entity_type,
        status.entity_key,
        status.is_removed,
        status.removed_at,
        status.stage_category = 'lost' as is_lost,
        status.closed_at as lost_at,
        coalesce(lead_outcomes.is_won, false) as has_won_deal,
        lead_outcomes.won_at as deal_won_at,
        coalesce(lead_outcomes.is_lost, false) as has_lost_deals,
        lead_outcomes.lost_at as deals_lost_at
    from {{ ref('int_entity_status') }} as status
    left join lead_outcomes
        on status.entity_type = 'lead' and status.entity_key = lead_outcomes.lead_key
),

passes as (
    select passes.*, standings.* exclude (entity_type, entity_key)
    from {{ ref('int_funnel_passes') }} as passes
    inner join standings
        on passes.entity_type = standings.entity_type
        and passes.entity_key = standings.entity_key
    where passes.open_rank <= passes.open_stages
        -- What was removed is told once, where its funnel begins, so that the rows chain.
        and (not standings.is_removed or passes.open_rank = 1)
),

judged as (
    select
        passes.*,
        passes.open_rank + 1 as to_rank,
        passes.next_passed_at as target_passed_at,
        passes.next_passed_at is not null as has_reached,
        passes.is_next_touched as has_touched,
        passes.is_lost as has_lost,
        passes.lost_at as target_lost_at
    from passes
    union all
    -- The last stage of a deal leads to `won` already.
    select
        passes.*,
        null as to_rank,
        passes.outcome_passed_at as target_passed_at,
        passes.outcome_passed_at is not null as has_reached,
        passes.is_outcome_touched as has_touched,
        passes.is_lost as has_lost,
        passes.lost_at as target_lost_at
    from passes
    where passes.entity_type = 'deal' and passes.open_rank < passes.open_stages
    union all
    select
        passes.*,
        null as to_rank,
        passes.deal_won_at as target_passed_at,
        passes.has_won_deal as has_reached,
        passes.has_won_deal as has_touched,
        passes.is_lost or passes.has_lost_deals as has_lost,
        -- Whichever came first: the lead's own end, or that of its last deal.
        least(
            case when passes.is_lost then passes.lost_at end,
            case when passes.has_lost_deals then passes.deals_lost_at end
        ) as target_lost_at
    from passes
    where passes.entity_type = 'lead'
),

decided as (
    select
        *,
        case
            when is_removed then 'removed'
            when has_reached then 'reached'
            when has_lost then 'lost'
            else 'still_open'
        end as outcome
    from judged
),

timed as (
    select
        *,
        -- An end that nothing dates had come by the end of `as_of`.
        coalesce(
            case outcome
                when 'removed' then removed_at
                when 'reached' then target_passed_at
                when 'lost' then target_lost_at
            end,
            {{ day_end(setting('as_of')) }}
        ) as ended_at
    from decided
)

select
    entity_type,
    entity_key,
    source_name,
    pipeline,
    open_rank,
    to_rank,
    passed_at,
    date_trunc('month', {{ business_day('passed_at') }})::date as cohort_month,
    is_touched as entered_touched,
    outcome = 'reached' and has_touched as is_touched,
    outcome,
    -- Whole days, rounded up; a lead's deal may have ended before the lead passed the stage.
    greatest(
        ({{ microseconds_between('passed_at', 'ended_at') }} + 86399999999) // 86400000000, 0
    )::integer as days
from timed
