-- Every combination of dimension values in which a deal has been open.
select
    place_key,
    any_value(source_name) as source_name,
    any_value(pipeline) as pipeline,
    any_value(owner_key) as owner_key,
    any_value(team) as team,
    any_value(lead_source) as lead_source,
    any_value(region) as region
from {{ ref('int_pipeline_moments') }}
group by place_key
