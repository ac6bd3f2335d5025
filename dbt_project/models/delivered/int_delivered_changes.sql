{{ union_delivered(
    branches=[
        'int_hubspot__changes',
        'int_pipedrive__changes',
        'int_salesforce__changes',
    ],
    columns={
        'record_id': 'varchar',
        'entity_type': 'varchar',
        'entity_id': 'varchar',
        'field': 'varchar',
        'old_value': 'varchar',
        'new_value': 'varchar',
        'has_old_value': 'boolean',
        'changed_at': 'timestamptz',
        'change_number': 'bigint',
        'history_is_complete': 'boolean',
        'logged_fields': 'varchar[]',
    },
    about=['entity_type', 'entity_id', 'record_id'],
) }}
