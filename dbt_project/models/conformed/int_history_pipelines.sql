-- The newest pipeline that the history of a lead or deal tells.
with newest as (
    select * from {{ ref('stg_files__stage_history') }}
    where quarantine is null
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
)

select
    entity_type,
    source_name || ':' || entity_id as entity_key,
    max_by(pipeline, (entered_at, load_id, ordinal)) as pipeline
from newest
where not is_absent and pipeline is not null
group by all
