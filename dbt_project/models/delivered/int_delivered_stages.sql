{{ union_delivered(
    branches=[
        'stg_files__stages',
        'int_neocrm__stages',
        'int_hubspot__stages',
        'int_pipedrive__stages',
        'int_salesforce__stages',
        'int_zoho__stages',
    ],
    columns={
        'record_id': 'varchar',
        'entity_type': 'varchar',
        'pipeline': 'varchar',
        'stage': 'varchar',
        'label': 'varchar',
        'position': 'integer',
        'category': 'varchar',
        'win_rate': 'decimal(9, 6)',
        'pipeline_label': 'varchar',
    },
) }}
