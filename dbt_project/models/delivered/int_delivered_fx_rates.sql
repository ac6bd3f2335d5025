{{ union_delivered(
    branches=[
        'int_files__fx_rates',
        'int_hubspot__fx_rates',
        'int_salesforce__fx_rates',
        'int_zoho__fx_rates',
    ],
    columns={
        'rate_date': 'date',
        'base': 'varchar',
        'currency': 'varchar',
        'rate': 'double',
        'rate_source': 'varchar',
        'holds_until_next': 'boolean',
    },
) }}
