-- When each lead and deal first passed each open stage of each pipeline it was in, and whether
-- it really entered the stage. The outcome behind all stages (`won`; for leads `converted`) has
-- the rank after the last open stage.
with entries as (
    select
        transitions.entity_type, transitions.entity_key, transitions.source_name,
        transitions.pipeline, transitions.to_stage, transitions.to_category,
        transitions.transitioned_at,
        list.passed_rank
    from {{ ref('int_stage_transitions') }} as transitions
    inner join {{ ref('int_stage_list') }} as list
        on transitions.source_name = list.source_name
        and transitions.entity_type = list.entity_type
        and transitions.pipeline = list.pipeline
        and transitions.to_stage = list.stage
    where transitions.transition_type not in ('deleted', 'merged', 'restored')
),

memberships as (
    select entity_type, entity_key, source_name, pipeline, min(transitioned_at) as joined_at
    from entries
    where to_category in ('open', 'won')
    group by all
),

outcomes as (
    select entity_type, entity_key, pipeline, transitioned_at
    from entries
    where to_category = 'won'
    union all
    -- After a move, a deal counts by its category in its present pipeline.
    select
        memberships.entity_type, memberships.entity_key, memberships.pipeline, status.closed_at
    from memberships
    inner join {{ ref('int_entity_status') }} as status
        on memberships.entity_type = status.entity_type
        and memberships.entity_key = status.entity_key
        and memberships.pipeline <> status.pipeline
        and status.stage_category = 'won'
    where status.closed_at is not null
    union all
    -- A conversion that its status does not tell.
    select
        memberships.entity_type, memberships.entity_key, memberships.pipeline, leads.converted_at
    from memberships
    inner join {{ ref('fct_leads') }} as leads
        on memberships.entity_type = 'lead' and memberships.entity_key = leads.lead_key
    where leads.converted_at is not null
),

stages as (
    select
        source_name, entity_type, pipeline, stage, position, open_rank,
        max(open_rank) over (partition by source_name, entity_type, pipeline) as open_stages
    from {{ ref('int_stage_list') }}
    where open_rank is not null
),

ranks as (
    select source_name, entity_type, pipeline, stage, position, open_rank from stages
    union all
    select
        source_name, entity_type, pipeline,
        case entity_type when 'lead' then 'converted' else 'won' end as stage,
        max(position) + 1 as position,
        max(open_stages) + 1 as open_rank
    from stages
    group by source_name, entity_type, pipeline
),

marks as (
    select
        entity_type, entity_key, source_name, pipeline, to_stage as stage,
        passed_rank as reached_rank, transitioned_at
    from entries
    where to_category = 'open'
    union all
    select
        memberships.entity_type, memberships.entity_key, memberships.source_name,
        memberships.pipeline, ranks.stage,
        ranks.open_rank as reached_rank, outcomes.transitioned_at
    from memberships
    inner join outcomes
        on memberships.entity_type = outcomes.entity_type
        and memberships.entity_key = outcomes.entity_key
        and memberships.pipeline = outcomes.pipeline
    inner join ranks
        on memberships.source_name = ranks.source_name
        and memberships.entity_type = ranks.entity_type
        and memberships.pipeline = ranks.pipeline
        and ranks.stage = case memberships.entity_type when 'lead' then 'converted' else 'won' end
)

select
    marks.entity_type,
    marks.entity_key,
    marks.source_name,
    marks.pipeline,
    ranks.stage,
    ranks.position as stage_position,
    ranks.open_rank,
    min(marks.transitioned_at) as passed_at,
    bool_or(marks.stage = ranks.stage) as is_touched
from marks
inner join ranks
    on marks.source_name = ranks.source_name
    and marks.entity_type = ranks.entity_type
    and marks.pipeline = ranks.pipeline
    and marks.reached_rank >= ranks.open_rank
group by all
