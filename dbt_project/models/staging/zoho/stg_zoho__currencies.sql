{{ stage_records(
    'zoho__currencies',
    fields={
        'currency': '$.iso_code',
        'rate': '$.exchange_rate',
        'is_base': '$.is_base',
        'is_used': '$.is_active',
        'updated_at': '$.modified_time',
    },
    columns={
        'currency': 'upper(currency)',
        'rate': "try_cast(replace(rate, ',', '') as double)",
        'is_base': 'coalesce(' ~ parse_boolean('is_base') ~ ', false)',
        'is_used': 'coalesce(' ~ parse_boolean('is_used') ~ ', true)',
        'updated_at': parse_instant('updated_at'),
    },
    checks=[
        missing('currency'),
        unreadable('rate', 'a number such as 1.0750'),
        implausible('rate', 'rate <= 0', 'a rate is above 0'),
    ],
    keep=['currency', 'rate'],
) }}
