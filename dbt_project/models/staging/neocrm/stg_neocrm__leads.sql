{{ stage_records(
    'neocrm__leads',
    fields={
        'status': '$.status',
        'owner_id': '$.ownerId',
        'lead_source': '$.leadSourceId',
        'deal_id': '$.opportunityId',
        'created_at': '$.createdAt',
        'updated_at': '$.updatedAt',
    },
    columns={
        'status': first_choice('status'),
        'owner_id': 'owner_id',
        'lead_source': first_choice('lead_source'),
        'deal_id': 'deal_id',
        'created_at': parse_epoch_millis('created_at'),
        'updated_at': parse_epoch_millis('updated_at'),
    },
    checks=[
        missing('status'),
        missing('updated_at'),
        unreadable('created_at', 'milliseconds since 1970'),
        unreadable('updated_at', 'milliseconds since 1970'),
        implausible_instant('created_at'),
        implausible_instant('updated_at'),
    ],
    keep=['status', 'created_at', 'updated_at'],
) }}
