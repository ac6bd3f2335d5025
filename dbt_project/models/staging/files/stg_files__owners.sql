{{ stage_files(
    table='owners',
    columns={
        'owner_id': 'coalesce(owner_id, case when is_absent then id end)',
        'name': 'name',
        'team': 'team',
        'manager_id': 'manager_id',
        'region': 'region',
        'is_active': 'coalesce(' ~ parse_boolean('is_active') ~ ', case when is_active is null then true end)',
    },
    checks=[
        missing('owner_id'),
        unreadable('is_active', 'true or false'),
    ],
    keep=['owner_id', 'is_active'],
) }}
