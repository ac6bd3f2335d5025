{{ union_delivered(
    branches=[
        'stg_files__owners',
        'int_neocrm__owners',
        'int_hubspot__owners',
        'int_pipedrive__owners',
        'int_salesforce__owners',
        'int_zoho__owners',
    ],
    columns={
        'owner_id': 'varchar',
        'name': 'varchar',
        'team': 'varchar',
        'manager_id': 'varchar',
        'region': 'varchar',
        'is_active': 'boolean',
    },
) }}
