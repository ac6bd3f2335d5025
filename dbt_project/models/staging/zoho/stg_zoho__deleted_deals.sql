{{ stage_records(
    'zoho__deleted_deals',
    fields={
        'deleted_at': '$.deleted_time',
    },
    columns={
        'deal_id': 'id',
        'deleted_at': parse_instant('deleted_at'),
    },
    checks=[
        missing('deleted_at'),
        unreadable('deleted_at', 'a time such as 2024-03-01T10:15:00+05:30'),
        implausible_instant('deleted_at'),
    ],
    keep=['deleted_at'],
) }}
