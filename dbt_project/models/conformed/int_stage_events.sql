{{ keep_by_record('entity_type', 'entity_key') }}

-- Everything that is known to have happened to the stage of a lead or deal, or to its being there
-- at all: the stages it entered, its removals and restorations. Also what lies after `as_of`.
with begun as (
    select entity_type, entity_key, min(happened_at) as happened_at
    from {{ ref('int_stage_moves') }}
    group by all
),

removal_changes as (
    select
        *,
        case
            when not is_removed then 'restored'
            when is_merged then 'merged'
            else 'deleted'
        end as kind
    from {{ ref('int_named_versions') }}
    qualify is_removed <> coalesce(
        lag(is_removed) over (partition by entity_type, entity_key order by version_number), false
    )
),

removals as (
    select
        removal_changes.entity_type,
        removal_changes.entity_key,
        removal_changes.source_name,
        null as pipeline,
        null as stage,
        greatest(removal_changes.observed_at, begun.happened_at) as happened_at,
        3 as sequence_kind,
        null as event_number,
        null as event_id,
        '' as load_id,
        removal_changes.version_number as ordinal,
        removal_changes.kind,
        removal_changes.known_at,
        removal_changes.is_first_extraction,
        not removal_changes.has_update_time as is_inferred
    from removal_changes
    inner join begun using (entity_type, entity_key)
),

all_events as (
    select *, 'stage' as kind from {{ ref('int_stage_moves') }}
    union all by name
    select * from removals
)

select
    all_events.*,
    {{ business_day('all_events.happened_at') }} as happened_on,
    -- What the first extraction of a source brings is assumed known when it happened.
    case
        when all_events.is_first_extraction then all_events.happened_at else all_events.known_at
    end as assumed_known_at
from all_events
