{{ stage_records(
    'hubspot__exchange_rates',
    fields={
        'base': '$.toCurrencyCode',
        'currency': '$.fromCurrencyCode',
        'conversion_rate': '$.conversionRate',
        'effective_at': '$.effectiveAt',
    },
    columns={
        'base': 'upper(base)',
        'currency': 'upper(currency)',
        'conversion_rate': 'try_cast(conversion_rate as double)',
        'effective_at': hubspot_instant('effective_at'),
    },
    checks=[
        missing('base'),
        missing('currency'),
        missing('effective_at'),
        unreadable('effective_at', 'a time such as 2017-03-01T10:15:00.000Z'),
        missing('conversion_rate'),
        unreadable('conversion_rate', 'a number such as 1.25'),
        implausible('conversion_rate', 'not (conversion_rate > 0 and isfinite(conversion_rate))', 'not above 0'),
    ],
    keep=['base', 'currency', 'effective_at', 'conversion_rate'],
) }}
