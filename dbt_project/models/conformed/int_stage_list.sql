-- The stage list as it is today: one row a stage, with its rank among the open stages of its
-- pipeline (1 is the first; null for closed stages).
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
    is_current,
    origin,
    case
        when category = 'open'
            then row_number() over (
                partition by source_name, entity_type, pipeline, category = 'open'
                order by position, stage
            )
    end as open_rank
from {{ ref('int_stage_versions') }}
where is_latest
