{{ stage_records(
    'zoho__users',
    fields={
        'name': '$.full_name',
        'short_name': '$.name',
        'status': '$.status',
        'team': '$.role.name',
        'manager_id': '$.Reporting_To.id',
    },
    columns={
        'owner_id': 'id',
        'name': 'coalesce(name, short_name)',
        'team': 'team',
        'manager_id': 'manager_id',
        'is_active': "lower(status) = 'active'",
    },
) }}
