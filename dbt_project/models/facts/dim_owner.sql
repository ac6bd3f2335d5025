select owner_key, source_name, name, team, manager_key, region, is_active
from {{ ref('int_owner_versions') }}
where is_latest
order by owner_key
