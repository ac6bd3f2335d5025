{{ stage_records(
    'salesforce__deleted_opportunities',
    fields={
        'deal_id': '$.id',
        'deleted_at': '$.deletedDate',
    },
    columns={
        'deal_id': salesforce_id('deal_id'),
        'deleted_at': parse_instant('deleted_at'),
    },
    checks=[
        missing('deal_id'),
        missing('deleted_at'),
        unreadable('deleted_at', 'a time such as 2024-03-01T10:15:00.000Z'),
        implausible_instant('deleted_at'),
    ],
    keep=['deal_id', 'deleted_at'],
) }}
