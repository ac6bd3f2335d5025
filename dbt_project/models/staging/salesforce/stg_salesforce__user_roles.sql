{{ stage_records(
    'salesforce__user_roles',
    fields={
        'name': '$.Name',
    },
    columns={
        'name': 'name',
    },
) }}
