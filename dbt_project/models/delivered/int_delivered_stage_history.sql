{{ union_delivered(
    branches=[
        'int_files__stage_history',
        'int_zoho__stage_history',
    ],
    columns={
        'record_id': 'varchar',
        'event_id': 'varchar',
        'event_number': 'bigint',
        'entity_type': 'varchar',
        'entity_id': 'varchar',
        'pipeline': 'varchar',
        'stage': 'varchar',
        'entered_at': 'timestamptz',
        'entered_day_end': 'timestamptz',
        'amount': 'decimal(18, 4)',
        'currency': 'varchar',
        'expected_close_date': 'date',
        'owner_id': 'varchar',
        'probability': 'decimal(9, 6)',
        'emptied': 'varchar[]',
        'is_inferred': 'boolean',
    },
) }}
