{{ union_delivered(
    branches=[
        'stg_files__leads',
    ],
    columns={
        'lead_id': 'varchar',
        'pipeline': 'varchar',
        'status': 'varchar',
        'created_status': 'varchar',
        'created_at': 'timestamptz',
        'converted_at': 'timestamptz',
        'updated_at': 'timestamptz',
        'converted_deal_id': 'varchar',
        'owner_id': 'varchar',
        'lead_source': 'varchar',
        'region': 'varchar',
        'score': 'double',
        'bant_budget': 'boolean',
        'bant_authority': 'boolean',
        'bant_need': 'boolean',
        'bant_timeline': 'boolean',
        'is_deleted': 'boolean',
    },
) }}
