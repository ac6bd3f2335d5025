{{ stage_records(
    'pipedrive__deal_changes',
    fields={
        'field_key': '$.field_key',
        'old_value': '$.old_value',
        'new_value': '$.new_value',
        'changed_at': '$.time',
    },
    columns={
        'deal_id': "split_part(id, '|', 1)",
        'field_key': 'field_key',
        'old_value': 'old_value',
        'new_value': 'new_value',
        'changed_at': "timezone('UTC', try_cast(changed_at as timestamp))",
    },
    checks=[
        "when field_key is not null and changed_at__text is null then {column_name: 'changed_at', reason: 'changed_at is missing'}",
        unreadable('changed_at', 'a time such as 2024-02-12 09:14:35'),
        implausible_instant('changed_at'),
    ],
    keep=['changed_at'],
) }}
