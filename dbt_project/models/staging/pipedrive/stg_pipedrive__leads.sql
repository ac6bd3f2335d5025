{{ stage_records(
    'pipedrive__leads',
    fields={
        'owner_id': '$.owner_id',
        'source_name_of_lead': '$.source_name',
        'is_archived': '$.is_archived',
        'created_at': '$.add_time',
        'updated_at': '$.update_time',
    },
    columns={
        'lead_id': 'id',
        'status': "case when " ~ parse_boolean('is_archived') ~ " then 'archived' else 'open' end",
        'created_at': parse_instant('created_at'),
        'updated_at': parse_instant('updated_at'),
        'owner_id': 'owner_id',
        'lead_source': 'source_name_of_lead',
    },
    checks=[
        missing('created_at'),
        missing('updated_at'),
        unreadable('created_at', 'a time such as 2020-10-14T11:30:36.551Z'),
        unreadable('updated_at', 'a time such as 2020-10-14T11:30:36.551Z'),
        implausible_instant('created_at'),
        implausible_instant('updated_at'),
    ],
    keep=['created_at', 'updated_at'],
) }}
