-- The newest pipeline that the history of a lead or deal tells.
select
    entity_type,
    entity_key,
    pipeline
from {{ ref('int_told_history') }}
where pipeline is not null
qualify row_number() over (
    partition by entity_type, entity_key order by (entered_at, load_id, ordinal) desc
) = 1
