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

step_numbers as (
    select
        source_name, entity_type, pipeline, open_rank,
        max(case when to_rank is not null then step_number end) as next_step,
        max(case when to_rank is null then step_number end) as won_step
    from {{ ref('int_funnel_step_list') }}
    group by all
),

passes as (
    select
        passes.*,
        step_numbers.next_step,
        step_numbers.won_step,
        date_trunc('month', {{ business_day('passes.passed_at') }})::date as cohort_month
    from {{ ref('int_funnel_passes') }} as passes
    inner join step_numbers
        on passes.source_name = step_numbers.source_name
        and passes.entity_type = step_numbers.entity_type
        and passes.pipeline = step_numbers.pipeline
        and passes.open_rank = step_numbers.open_rank
    -- What was removed is told once, where its funnel begins, so that the rows chain.
    where not passes.is_removed or passes.open_rank = 1
),

judged as (
    select
        passes.*,
        next_step as step_number,
        next_passed_at as target_passed_at,
        next_passed_at is not null as has_reached,
        is_next_touched as has_touched,
        is_lost as has_lost,
        ended_at as target_lost_at
    from passes
    union all
    -- The last stage of a deal leads to `won` already.
    select
        passes.*,
        won_step as step_number,
        outcome_passed_at as target_passed_at,
        outcome_passed_at is not null as has_reached,
        -- Nothing lies behind it that could pass it without entering it.
        outcome_passed_at is not null as has_touched,
        is_lost as has_lost,
        ended_at as target_lost_at
    from passes
    where entity_type = 'deal' and won_step is not null
    union all
    select
        passes.*,
        passes.won_step as step_number,
        lead_outcomes.won_at as target_passed_at,
        coalesce(lead_outcomes.is_won, false) as has_reached,
        coalesce(lead_outcomes.is_won, false) as has_touched,
        passes.is_lost or coalesce(lead_outcomes.is_lost, false) as has_lost,
        -- Whichever came first: the lead's own end, or that of its last deal.
        least(
            case when passes.is_lost then passes.ended_at end,
            case when lead_outcomes.is_lost then lead_outcomes.lost_at end
        ) as target_lost_at
    from passes
    left join lead_outcomes on passes.entity_key = lead_outcomes.lead_key
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
                when 'removed' then ended_at
                when 'reached' then target_passed_at
                when 'lost' then target_lost_at
            end,
            {{ day_end(setting('as_of')) }}
        ) as outcome_at
    from decided
)

select
    entity_type,
    entity_key,
    source_name,
    owner_key,
    lead_source,
    region,
    pipeline,
    open_rank,
    step_number,
    passed_at,
    cohort_month,
    is_touched as entered_touched,
    outcome = 'reached' and has_touched as is_touched,
    outcome,
    -- Whole days, rounded up; a lead's deal may have ended before the lead passed the stage.
    greatest(
        ({{ microseconds_between('passed_at', 'outcome_at') }} + 86399999999) // 86400000000, 0
    )::integer as days
from timed
