-- Users and queues. A user's team is the name of the role.
with roles as (
    select source_name, record_id, name
    from {{ ref('stg_salesforce__user_roles') }}
    where quarantine is null and not is_absent
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
)

select
    users.* exclude (role_id, quarantine, quarantined_payload),
    roles.name as team
from {{ ref('stg_salesforce__users') }} as users
left join roles on users.source_name = roles.source_name and users.role_id = roles.record_id
where users.quarantine is null
union all by name
select
    * exclude (quarantine, quarantined_payload),
    null::varchar as team,
    not is_absent as is_active
from {{ ref('stg_salesforce__queues') }}
where quarantine is null
