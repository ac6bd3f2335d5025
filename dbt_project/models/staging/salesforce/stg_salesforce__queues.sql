{{ stage_records(
    'salesforce__queues',
    fields={
        'name': '$.Name',
    },
    columns={
        'owner_id': 'id',
        'name': 'name',
    },
) }}
