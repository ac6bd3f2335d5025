-- The stage list as it is today: one row a stage, with its rank among the open stages of its
-- pipeline (1 is the first; null for closed and withdrawn stages). `passed_rank` is the rank of the
-- last listed open stage up to it, which tells what a deal in a withdrawn stage has passed.
select
    stage_key,
    source_name,
    entity_type,
    pipeline,
    stage,
    label,
    position,
    category,
    win_rate,
    pipeline_label,
    is_current,
    origin,
    case
        when category = 'open' and is_current
            then row_number() over (
                partition by source_name, entity_type, pipeline, category = 'open' and is_current
                order by position, stage
            )
    end as open_rank,
    count(*) filter (where category = 'open' and is_current) over (
        partition by source_name, entity_type, pipeline order by position, stage
        rows unbounded preceding
    ) as passed_rank
from {{ ref('int_stage_versions') }}
where is_latest
