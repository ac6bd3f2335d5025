-- How long deals took from each visit to a stage (and from their creation: stage null) until they
-- were won, lost or otherwise gone, as counts by whole days, rounded up; open ones are censored
-- at `as_of`.
with visits as (
    select
        entity_key as deal_key, pipeline, to_stage as stage, transitioned_at as entered_at,
        entity_sequence
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal'
        and to_category = 'open'
        and transition_type not in ('deleted', 'merged', 'restored')
    union all
    select
        entity_key as deal_key, pipeline, null as stage, transitioned_at as entered_at,
        entity_sequence
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and entity_sequence = 1 and to_category = 'open'
),

ends as (
    select
        entity_key as deal_key,
        entity_sequence,
        transitioned_at as ended_at,
        case when to_category = 'won' and transition_type <> 'moved' then 'won' else 'lost' end as outcome
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal'
        and (is_closing or transition_type in ('deleted', 'merged', 'moved'))
)

select
    visits.pipeline,
    visits.stage,
    greatest(
        ceil(
            {{ microseconds_between('visits.entered_at', "coalesce(ends.ended_at, " ~ day_end(setting('as_of')) ~ ")") }}
            / 86400000000.0
        ), 0
    )::integer as days,
    coalesce(ends.outcome, 'open') as outcome,
    count(*) as deals
from visits
asof left join ends
    on visits.deal_key = ends.deal_key
    and visits.entity_sequence < ends.entity_sequence
group by all
order by all
