-- The newest pipeline that the history of a lead or deal tells.
select
    entity_type,
    entity_key,
    max_by(pipeline, (entered_at, load_id, ordinal)) as pipeline
from {{ ref('int_told_history') }}
where pipeline is not null
group by all
