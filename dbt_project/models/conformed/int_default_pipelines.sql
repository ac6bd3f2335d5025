-- The pipeline of records that name none: the only listed one of their kind. A list that holds
-- for every pipeline names none.
select
    source_name,
    entity_type,
    any_value(pipeline) as pipeline
from {{ ref('int_delivered_stages') }}
where not is_absent
group by source_name, entity_type
having count(distinct pipeline) = 1 and count(*) = count(pipeline)
