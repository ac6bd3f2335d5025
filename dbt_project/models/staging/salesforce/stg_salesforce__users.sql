{{ stage_records(
    'salesforce__users',
    fields={
        'name': '$.Name',
        'role_id': '$.UserRoleId',
        'manager_id': '$.ManagerId',
        'region': '$.Country',
        'is_active': '$.IsActive',
    },
    columns={
        'owner_id': 'id',
        'name': 'name',
        'role_id': 'role_id',
        'manager_id': 'manager_id',
        'region': 'region',
        'is_active': parse_boolean('is_active'),
    },
    checks=[
        unreadable('is_active', 'true or false'),
    ],
    keep=['is_active'],
) }}
