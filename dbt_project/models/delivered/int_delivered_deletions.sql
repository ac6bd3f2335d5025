{{ union_delivered(
    branches=[
        'int_hubspot__deletions',
        'int_salesforce__deletions',
        'int_zoho__deletions',
    ],
    columns={
        'entity_type': 'varchar',
        'entity_id': 'varchar',
        'deleted_at': 'timestamptz',
        'merged_into_id': 'varchar',
    },
) }}
