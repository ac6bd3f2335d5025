-- A user's team is the newest name of the department.
with departments as (
    select source_name, record_id, max_by(name, (load_id, ordinal)) as name
    from {{ ref('stg_neocrm__departments') }}
    where quarantine is null and not is_absent
    group by all
)

select
    users.* exclude (record_id, file, line, department, quarantine, quarantined_payload),
    users.record_id as owner_id,
    departments.name as team
from {{ ref('stg_neocrm__users') }} as users
left join departments
    on users.source_name = departments.source_name and users.department = departments.record_id
where users.quarantine is null
