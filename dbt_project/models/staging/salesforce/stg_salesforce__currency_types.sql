{{ stage_records(
    'salesforce__currency_types',
    fields={
        'currency': '$.IsoCode',
        'rate': '$.ConversionRate',
        'is_corporate': '$.IsCorporate',
        'updated_at': '$.SystemModstamp',
    },
    columns={
        'currency': 'upper(currency)',
        'rate': 'try_cast(rate as double)',
        'is_corporate': parse_boolean('is_corporate'),
        'updated_at': parse_instant('updated_at'),
    },
    checks=[
        missing('currency'),
        unreadable('rate', 'a number'),
        implausible('rate', 'rate <= 0', 'not above 0'),
    ],
    keep=['currency', 'rate'],
) }}
