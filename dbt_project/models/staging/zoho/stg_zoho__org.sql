{{ stage_records(
    'zoho__org',
    fields={
        'currency': '$.iso_code',
    },
    columns={
        'currency': 'upper(currency)',
    },
) }}
