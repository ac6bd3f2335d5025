{{ keep_by_record('entity_type', 'entity_key', slices_at_once=3) }}

-- When each lead and deal first passed each open stage of each pipeline it was in, the next one and
-- the outcome behind all (`won`; for leads `converted`), and whether it really entered the stages.
with lists as (
    select
        *,
        -- One number instead of three names: what is grouped below is grouped by it.
        row_number() over (order by source_name, entity_type, pipeline)::integer as list_number
    from (
        select source_name, entity_type, pipeline, max(open_rank) as open_stages
        from {{ ref('int_stage_list') }}
        where open_rank is not null
        group by all
    )
),

-- The rank up to which an entry into a stage passes, that of the outcome after the last open
-- stage's; lost passes nothing.
places as (
    select
        list.source_name, list.entity_type, list.pipeline, list.stage,
        lists.list_number, lists.open_stages,
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
        places.list_number, transitions.entity_key, transitions.transitioned_at,
        places.open_stages, places.passed_rank, places.is_listed
    from {{ ref('int_stage_transitions') }} as transitions
    inner join places
        on transitions.source_name = places.source_name
        and transitions.entity_type = places.entity_type
        and transitions.pipeline = places.pipeline
        and transitions.to_stage = places.stage
    where transitions.transition_type not in ('deleted', 'merged', 'restored')
        and {{ has_changed('transitions.entity_type', 'transitions.entity_key') }}
),

records as (
    select
        status.entity_type,
        status.entity_key,
        status.pipeline,
        coalesce(facts.owner_key, 'unknown') as owner_key,
        coalesce(facts.lead_source, 'unknown') as lead_source,
        coalesce(facts.region, 'unknown') as region,
        status.closed_at,
        status.is_removed,
        status.stage_category = 'won' as is_won,
        status.stage_category = 'lost' as is_lost,
        case when status.is_removed then status.removed_at else status.closed_at end as ended_at
    from {{ ref('int_entity_status') }} as status
    inner join (
        {{ changed_leads_and_deals(['owner_key', 'lead_source', 'region']) }}
    ) as facts
        on status.entity_type = facts.entity_type and status.entity_key = facts.entity_key
    where {{ has_changed('status.entity_type', 'status.entity_key') }}
),

moved as (
    select distinct entity_type, entity_key
    from {{ ref('int_stage_transitions') }}
    where from_pipeline <> pipeline and {{ has_changed('entity_type', 'entity_key') }}
),

-- Outcomes that no entry into a stage of the pipeline tells.
told_elsewhere as (
    -- After a move, a deal counts by its category in its present pipeline.
    select entity_type, entity_key, pipeline as told_in, closed_at as happened_at
    from records
    semi join moved using (entity_type, entity_key)
    where is_won and closed_at is not null
    union all
    -- A conversion that its status does not tell.
    select
        records.entity_type, records.entity_key, null as told_in,
        leads.converted_at as happened_at
    from {{ ref('fct_leads') }} as leads
    inner join records on records.entity_type = 'lead' and leads.lead_key = records.entity_key
    where leads.converted_at is not null and not records.is_won
),

marks as (
    select * from entries
    where passed_rank > 0
    union all
    select
        entries.list_number, entries.entity_key, told_elsewhere.happened_at as transitioned_at,
        entries.open_stages, entries.open_stages + 1 as passed_rank, true as is_listed
    from entries
    inner join lists on entries.list_number = lists.list_number
    inner join told_elsewhere
        on lists.entity_type = told_elsewhere.entity_type
        and entries.entity_key = told_elsewhere.entity_key
        and lists.pipeline is distinct from told_elsewhere.told_in
),

-- A mark passes its own stage and all before it.
passed as (
    select
        list_number,
        entity_key,
        open_rank,
        min(transitioned_at) as passed_at,
        bool_or(passed_rank = open_rank and is_listed) as is_touched,
        min(transitioned_at) filter (where passed_rank > open_rank) as next_passed_at,
        bool_or(passed_rank = open_rank + 1 and is_listed) as is_next_touched,
        min(transitioned_at) filter (where passed_rank > open_stages) as outcome_passed_at
    from (
        select *, unnest(range(1, least(passed_rank, open_stages) + 1)) as open_rank from marks
    )
    group by all
)

select
    lists.entity_type,
    passed.entity_key,
    lists.source_name,
    lists.pipeline,
    passed.open_rank,
    passed.passed_at,
    passed.is_touched,
    passed.next_passed_at,
    passed.is_next_touched,
    passed.outcome_passed_at,
    records.owner_key,
    records.lead_source,
    records.region,
    -- How its record ended, if it did.
    records.is_removed,
    records.is_lost,
    records.ended_at
from passed
inner join lists on passed.list_number = lists.list_number
inner join records
    on lists.entity_type = records.entity_type and passed.entity_key = records.entity_key
