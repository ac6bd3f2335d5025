{{ stage_records(
    'zoho__lead_history',
    fields={
        'lead_id': '$.Full_Name.id',
        'lead': '$.Full_Name',
        'status_label': '$.Lead_Status',
        'next_status_label': '$.Moved_To__s',
        'happened_at': '$.Modified_Time',
    },
    columns={
        'lead_id': "coalesce(lead_id, case when regexp_full_match(lead, '[0-9]+') then lead end)",
        'event_number': 'try_cast(id as bigint)',
        'status_label': 'status_label',
        'next_status_label': 'next_status_label',
        'happened_at': parse_instant('happened_at'),
    },
    checks=[
        missing('happened_at'),
        unreadable('happened_at', 'a time such as 2024-03-01T10:15:00+05:30'),
        implausible_instant('happened_at'),
    ],
    keep=['happened_at'],
) }}
