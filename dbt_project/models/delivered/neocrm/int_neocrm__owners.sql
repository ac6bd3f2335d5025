select
    users.source_name, users.load_id, users.ordinal, users.known_at, users.is_first_extraction,
    users.extracted_at, users.is_absent,
    users.record_id as owner_id,
    users.name,
    departments.name as team,
    users.is_active
from {{ ref('stg_neocrm__users') }} as users
asof left join (
    select source_name, record_id, load_id, name from {{ ref('stg_neocrm__departments') }}
    where quarantine is null and not is_absent
) as departments
    on users.source_name = departments.source_name
    and users.department = departments.record_id
    and users.load_id >= departments.load_id
where users.quarantine is null
