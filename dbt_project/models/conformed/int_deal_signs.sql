{{ keep_by_record("'deal'", 'deal_key') }}

-- What the end-of-day states of a deal while it was open tell of trouble: pushes, cuts of the
-- amount, stages jumped over.
--
-- All of it stood at the end of a day on which the deal was open, so that a won deal shows how it
-- looked before it was won, as an open one does.
with days as (
    select deal_key, valid_from, push_count, amount, currency
    from {{ ref('int_deal_days') }}
    where {{ has_changed("'deal'", 'deal_key') }}
),

last_days as (
    select
        deal_key,
        max_by({push_count: push_count, amount: amount, currency: currency}, valid_from) as seen
    from days
    group by all
),

highest as (
    select deal_key, currency, max(amount) as amount
    from days
    where amount > 0
    group by all
),

-- The path through the pipeline in which the deal is now; entries into open stages only. A start
-- in a later stage is no jump.
paths as (
    select
        transitions.entity_key as deal_key,
        transitions.entity_sequence,
        transitions.transitioned_on,
        transitions.transition_type = 'skipped' as is_jump,
        transitions.stages_skipped,
        list.position
    from {{ ref('int_stage_transitions') }} as transitions
    inner join {{ ref('fct_deals') }} as deals
        on transitions.entity_key = deals.deal_key and transitions.pipeline = deals.pipeline
    inner join {{ ref('int_stage_list') }} as list
        on transitions.source_name = list.source_name
        and list.entity_type = 'deal'
        and transitions.pipeline = list.pipeline
        and transitions.to_stage = list.stage
    where transitions.entity_type = 'deal'
        and transitions.to_category = 'open'
        and transitions.transition_type not in ('deleted', 'merged', 'restored')
        and {{ has_changed("'deal'", 'transitions.entity_key') }}
        and transitions.entity_key in (
            select entity_key from {{ ref('int_stage_transitions') }}
            where entity_type = 'deal' and transition_type = 'skipped'
        )
),

-- A jump that the deal walked back behind later on is made good.
standing_jumps as (
    select * from paths
    qualify is_jump
        and coalesce(
            min(position) over (
                partition by deal_key order by entity_sequence
                rows between 1 following and unbounded following
            ) >= position,
            true
        )
),

jumps as (
    select
        deal_key,
        sum(stages_skipped)::integer as stages_skipped,
        max(transitioned_on) as skipped_on
    from standing_jumps
    group by all
)

select
    deals.deal_key,
    deals.source_name,
    deals.pipeline,
    coalesce(last_days.seen.push_count, 0)::integer as push_count,
    highest.amount as highest_amount,
    last_days.seen.amount as last_amount,
    last_days.seen.currency as currency,
    -- 0 where the amount stands at its highest; above 1 where it fell below zero.
    {{ ratio('(highest.amount - last_days.seen.amount)', 'highest.amount') }} as shrunk_rate,
    coalesce(jumps.stages_skipped, 0) as stages_skipped,
    jumps.skipped_on
from {{ ref('fct_deals') }} as deals
left join last_days on deals.deal_key = last_days.deal_key
left join highest
    on deals.deal_key = highest.deal_key
    and last_days.seen.currency is not distinct from highest.currency
left join jumps on deals.deal_key = jumps.deal_key
where {{ has_changed("'deal'", 'deals.deal_key') }}
