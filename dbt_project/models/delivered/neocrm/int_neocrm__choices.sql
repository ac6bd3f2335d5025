-- Records tell a choice by its code or by its name, as the tenant has it: so every name that a
-- choice ever had leads to its code, and every code to its newest name.
select
    source_name,
    object,
    field,
    load_id,
    choice ->> '$.value' as code,
    choice ->> '$.label' as label,
    place as position,
    coalesce(choice ->> '$.isActive', 'true') not in ('false', '0') as is_active
from (
    select
        source_name, object, field, load_id,
        unnest(choices) as choice,
        generate_subscripts(choices, 1) as place
    from {{ ref('stg_neocrm__fields') }}
    where quarantine is null and not is_absent and len(choices) > 0
) as unnested
where choice ->> '$.value' is not null
