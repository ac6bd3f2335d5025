-- Every combination of dimension values in which a deal has been.
select distinct place_key, source_name, pipeline, owner_key, team, lead_source, region
from {{ ref('int_pipeline_moments') }}
