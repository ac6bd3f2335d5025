-- The steps that the funnels of each source's pipelines consist of, by the stage list of today:
-- each open stage to the next, and each to `won`; the last stage of leads leads to `converted`.
with stages as (
    select
        source_name,
        entity_type,
        pipeline,
        stage,
        position,
        open_rank,
        lead(stage) over (
            partition by source_name, entity_type, pipeline order by open_rank
        ) as next_stage
    from {{ ref('int_stage_list') }}
    where open_rank is not null
),

steps as (
    select
        source_name, entity_type, pipeline, open_rank,
        open_rank + 1 as to_rank,
        position as from_position,
        stage as from_stage,
        coalesce(next_stage, case entity_type when 'lead' then 'converted' else 'won' end)
            as to_stage
    from stages
    union all
    select
        source_name, entity_type, pipeline, open_rank,
        null as to_rank,
        position as from_position,
        stage as from_stage,
        'won' as to_stage
    from stages
    where entity_type = 'lead' or next_stage is not null
)

select
    *,
    -- The same for the same step in several sources.
    dense_rank() over (
        order by entity_type, pipeline, from_stage, to_stage
    )::integer as step_number
from steps
