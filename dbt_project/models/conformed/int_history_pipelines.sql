-- The newest pipeline that the history of a lead or deal tells.
select
    entity_type,
    source_name || ':' || entity_id as entity_key,
    max_by(pipeline, (entered_at, load_id, ordinal)) as pipeline
from {{ ref('stg_files__stage_history') }}
where quarantine is null and not is_absent and pipeline is not null
group by all
