{{ keep_by_record('entity_type', 'entity_key', sliced=true) }}

-- When each lead and deal first passed each open stage of each pipeline it was in, and whether it
-- really entered the stage. The outcome behind all stages (`won`; for leads `converted`) has the
-- rank after the last open stage.
with lists as (
    select source_name, entity_type, pipeline, max(open_rank) as open_stages
    from {{ ref('int_stage_list') }}
    where open_rank is not null
    group by all
),

-- The rank up to which an entry into a stage passes; lost passes nothing.
places as (
    select
        list.source_name, list.entity_type, list.pipeline, list.stage,
        case list.category when 'open' then list.passed_rank else lists.open_stages + 1 end
            as passed_rank,
        -- A deal in a withdrawn stage has passed the listed ones before it, and touched none.
        list.category <> 'open' or list.open_rank is not null as is_listed
    from {{ ref('int_stage_list') }} as list
    inner join lists using (source_name, entity_type, pipeline)
    where list.category <> 'lost'
),

entries as (
    select
        transitions.entity_type, transitions.entity_key, transitions.source_name,
        transitions.pipeline, places.passed_rank, places.is_listed, transitions.transitioned_at
    from {{ ref('int_stage_transitions') }} as transitions
    inner join places
        on transitions.source_name = places.source_name
        and transitions.entity_type = places.entity_type
        and transitions.pipeline = places.pipeline
        and transitions.to_stage = places.stage
    where transitions.transition_type not in ('deleted', 'merged', 'restored')
        and {{ has_changed('transitions.entity_type', 'transitions.entity_key') }}
),

outcomes as (
    -- After a move, a deal counts by its category in its present pipeline.
    select
        entries.entity_type, entries.entity_key, entries.source_name, entries.pipeline,
        status.closed_at as happened_at
    from entries
    inner join {{ ref('int_entity_status') }} as status
        on entries.entity_type = status.entity_type
        and entries.entity_key = status.entity_key
        and entries.pipeline <> status.pipeline
    where status.stage_category = 'won' and status.closed_at is not null
    union all
    -- A conversion that its status does not tell.
    select
        entries.entity_type, entries.entity_key, entries.source_name, entries.pipeline,
        leads.converted_at as happened_at
    from entries
    inner join {{ ref('fct_leads') }} as leads
        on entries.entity_type = 'lead' and entries.entity_key = leads.lead_key
    inner join {{ ref('int_entity_status') }} as status
        on status.entity_type = 'lead' and leads.lead_key = status.entity_key
    where leads.converted_at is not null and status.stage_category <> 'won'
),

marks as (
    select
        entity_type, entity_key, source_name, pipeline, passed_rank,
        min(transitioned_at) as marked_at,
        bool_or(is_listed) as is_touched
    from (
        select
            entity_type, entity_key, source_name, pipeline, passed_rank, is_listed, transitioned_at
        from entries
        where passed_rank > 0
        union all
        select
            outcomes.entity_type, outcomes.entity_key, outcomes.source_name, outcomes.pipeline,
            lists.open_stages + 1 as passed_rank, true as is_listed,
            outcomes.happened_at as transitioned_at
        from outcomes
        inner join lists using (source_name, entity_type, pipeline)
    )
    group by all
),

-- A stage is passed by the first mark at it or behind it; a mark passes the unmarked stages before
-- it too.
passed as (
    select
        *,
        min(marked_at) over (behind rows unbounded preceding) as passed_at,
        min(marked_at) over (behind rows between unbounded preceding and 1 preceding)
            as passed_behind_at,
        coalesce(lead(passed_rank) over behind, 0) as rank_before,
        lag(passed_rank) over behind as rank_behind,
        lag(is_touched) over behind as is_touched_behind,
        first_value(passed_rank) over behind as furthest_rank,
        first_value(marked_at) over behind as furthest_at,
        first_value(is_touched) over behind as is_furthest_touched
    from marks
    window behind as (
        partition by entity_type, entity_key, pipeline order by passed_rank desc
    )
),

ranked as (
    select
        *,
        unnest(range(rank_before + 1, passed_rank + 1)) as open_rank
    from passed
),

records as (
    {{ changed_leads_and_deals(['owner_key', 'lead_source', 'region']) }}
)

select
    ranked.entity_type,
    ranked.entity_key,
    ranked.source_name,
    ranked.pipeline,
    ranked.open_rank,
    lists.open_stages,
    ranked.passed_at,
    ranked.open_rank = ranked.passed_rank and ranked.is_touched as is_touched,
    case
        when ranked.open_rank < ranked.passed_rank then ranked.passed_at
        else ranked.passed_behind_at
    end as next_passed_at,
    case
        when ranked.open_rank = ranked.passed_rank - 1 then ranked.is_touched
        when ranked.open_rank = ranked.passed_rank
            then coalesce(ranked.rank_behind = ranked.passed_rank + 1 and ranked.is_touched_behind, false)
        else false
    end as is_next_touched,
    case when ranked.furthest_rank > lists.open_stages then ranked.furthest_at end
        as outcome_passed_at,
    ranked.furthest_rank > lists.open_stages and ranked.is_furthest_touched as is_outcome_touched,
    coalesce(records.owner_key, 'unknown') as owner_key,
    coalesce(records.lead_source, 'unknown') as lead_source,
    coalesce(records.region, 'unknown') as region,
    -- How its record ended, if it did.
    status.is_removed,
    status.stage_category = 'lost' as is_lost,
    case when status.is_removed then status.removed_at else status.closed_at end as ended_at
from ranked
inner join lists using (source_name, entity_type, pipeline)
inner join records
    on ranked.entity_type = records.entity_type and ranked.entity_key = records.entity_key
inner join {{ ref('int_entity_status') }} as status
    on ranked.entity_type = status.entity_type
    and ranked.entity_key = status.entity_key
    and {{ has_changed('status.entity_type', 'status.entity_key') }}
