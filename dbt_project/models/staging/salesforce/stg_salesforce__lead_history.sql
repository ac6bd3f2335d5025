{{ stage_records(
    'salesforce__lead_history',
    fields={
        'lead_id': '$.LeadId',
        'field_name': '$.Field',
        'old_value': '$.OldValue',
        'new_value': '$.NewValue',
        'changed_at': '$.CreatedDate',
    },
    columns={
        'lead_id': 'lead_id',
        'change_number': salesforce_number('id'),
        'field_name': 'field_name',
        'old_value': 'old_value',
        'new_value': 'new_value',
        'changed_at': parse_instant('changed_at'),
    },
    checks=[
        missing('lead_id'),
        missing('field_name'),
        missing('changed_at'),
        unreadable('changed_at', 'a time such as 2024-03-01T10:15:00.000Z'),
        implausible_instant('changed_at'),
    ],
    keep=['lead_id', 'field_name', 'changed_at'],
) }}
