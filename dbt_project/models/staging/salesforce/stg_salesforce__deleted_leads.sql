{{ stage_records(
    'salesforce__deleted_leads',
    fields={
        'lead_id': '$.id',
        'deleted_at': '$.deletedDate',
    },
    columns={
        'lead_id': salesforce_id('lead_id'),
        'deleted_at': parse_instant('deleted_at'),
    },
    checks=[
        missing('lead_id'),
        missing('deleted_at'),
        unreadable('deleted_at', 'a time such as 2024-03-01T10:15:00.000Z'),
        implausible_instant('deleted_at'),
    ],
    keep=['lead_id', 'deleted_at'],
) }}
