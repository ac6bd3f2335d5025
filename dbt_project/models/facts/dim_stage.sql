select
    stage_key, source_name, entity_type, pipeline, stage, label, position, category, win_rate,
    is_current, origin, pipeline_label
from {{ ref('int_stage_list') }}
order by source_name, entity_type, pipeline, position, stage
