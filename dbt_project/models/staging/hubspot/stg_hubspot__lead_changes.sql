{{ stage_records(
    'hubspot__lead_changes',
    fields={
        'lead': '$.recordId',
        'property': '$.property',
        'number': '$.number',
        'value': '$.change.value',
        'changed_at': '$.change.timestamp',
    },
    columns={
        'lead_id': "coalesce(lead, split_part(id, '|', 1))",
        'property': 'property',
        'value': 'value',
        'changed_at': hubspot_instant('changed_at'),
        'change_number': 'try_cast(number as bigint)',
    },
    checks=[
        missing('changed_at'),
        unreadable('changed_at', 'a time such as 2017-03-01T10:15:00.000Z'),
        implausible_instant('changed_at'),
    ],
    keep=['changed_at'],
) }}
