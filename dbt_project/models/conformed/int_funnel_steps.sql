-- One row a lead or deal and step of its funnel (a passed stage to the next one, and to `won`),
-- with what became of it at `as_of`.
with passes as (
    select
        passes.*,
        list.open_stages
    from {{ ref('int_funnel_passes') }} as passes
    inner join (
        select source_name, entity_type, pipeline, max(open_rank) as open_stages
        from {{ ref('int_stage_list') }}
        group by all
    ) as list using (source_name, entity_type, pipeline)
),

next_stages as (
    select
        source_name, entity_type, pipeline, open_rank,
        coalesce(
            lead(stage) over (
                partition by source_name, entity_type, pipeline order by open_rank
            ),
            case entity_type when 'lead' then 'converted' else 'won' end
        ) as to_stage
    from {{ ref('int_stage_list') }}
    where open_rank is not null
),

deal_outcomes as (
    select
        entity_key as deal_key,
        min(passed_at) as won_at
    from {{ ref('int_funnel_passes') }}
    where entity_type = 'deal' and stage = 'won'
    group by all
),

lead_deals as (
    select lead_key, deal_key from {{ ref('fct_deals') }}
    where lead_key is not null
    union
    select lead_key, deal_key from {{ ref('fct_leads') }}
    where deal_key is not null
),

lead_outcomes as (
    select
        lead_deals.lead_key,
        bool_or(
            deals.is_won or (deal_outcomes.won_at is not null and not deals.is_deleted)
        ) as is_won,
        bool_and(deals.is_lost or deals.is_deleted) as is_lost
    from lead_deals
    inner join {{ ref('fct_deals') }} as deals on lead_deals.deal_key = deals.deal_key
    left join deal_outcomes on lead_deals.deal_key = deal_outcomes.deal_key
    group by all
),

steps as (
    select
        passes.entity_type, passes.entity_key, passes.source_name, passes.pipeline,
        passes.stage as from_stage, passes.stage_position as from_position, passes.open_rank,
        passes.passed_at, passes.is_touched as entered_touched,
        next_stages.to_stage, passes.open_rank + 1 as to_rank
    from passes
    inner join next_stages
        on passes.source_name = next_stages.source_name
        and passes.entity_type = next_stages.entity_type
        and passes.pipeline = next_stages.pipeline
        and passes.open_rank = next_stages.open_rank
    union all
    select
        entity_type, entity_key, source_name, pipeline,
        stage as from_stage, stage_position as from_position, open_rank,
        passed_at, is_touched as entered_touched,
        'won' as to_stage, open_stages + 1 as to_rank
    from passes
    where open_rank <= open_stages
        -- The last stage of a deal leads to `won` already.
        and not (entity_type = 'deal' and open_rank = open_stages)
),

judged as (
    select
        steps.*,
        case
            when steps.entity_type = 'lead' and steps.to_stage = 'won'
                then coalesce(lead_outcomes.is_won, false)
            else target.entity_key is not null
        end as has_reached,
        case
            when steps.entity_type = 'lead' and steps.to_stage = 'won'
                then coalesce(lead_outcomes.is_won, false)
            else coalesce(target.is_touched, false)
        end as has_touched,
        status.is_removed,
        status.stage_category = 'lost'
        or (
            steps.entity_type = 'lead' and steps.to_stage = 'won'
            and coalesce(lead_outcomes.is_lost, false)
        ) as is_lost
    from steps
    inner join {{ ref('int_entity_status') }} as status
        on steps.entity_type = status.entity_type and steps.entity_key = status.entity_key
    left join {{ ref('int_funnel_passes') }} as target
        on steps.entity_type = target.entity_type
        and steps.entity_key = target.entity_key
        and steps.pipeline = target.pipeline
        and steps.to_rank = target.open_rank
    left join lead_outcomes
        on steps.entity_type = 'lead' and steps.entity_key = lead_outcomes.lead_key
)

select
    entity_type,
    entity_key,
    source_name,
    pipeline,
    from_stage,
    from_position,
    to_stage,
    passed_at,
    date_trunc('month', {{ business_day('passed_at') }})::date as cohort_month,
    entered_touched,
    has_reached and not is_removed as is_reached,
    has_touched and not is_removed as is_touched,
    is_lost and not has_reached and not is_removed as is_lost,
    not is_lost and not has_reached and not is_removed as is_still_open,
    is_removed
from judged
-- What was removed is told once, where its funnel begins, so that the rows chain.
where not is_removed or open_rank = 1
