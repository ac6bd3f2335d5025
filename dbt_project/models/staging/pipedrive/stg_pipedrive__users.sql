{{ stage_records(
    'pipedrive__users',
    fields={
        'name': '$.name',
        'active_flag': '$.active_flag',
        'is_deleted': '$.is_deleted',
    },
    columns={
        'owner_id': 'id',
        'name': 'name',
        'is_active': parse_boolean('active_flag') ~ ' and not coalesce(' ~ parse_boolean('is_deleted') ~ ', false)',
    },
) }}
