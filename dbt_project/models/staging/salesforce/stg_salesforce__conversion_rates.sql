{{ stage_records(
    'salesforce__conversion_rates',
    fields={
        'currency': '$.IsoCode',
        'rate_date': '$.StartDate',
        'rate': '$.ConversionRate',
    },
    columns={
        'currency': 'upper(currency)',
        'rate_date': parse_date('rate_date'),
        'rate': 'try_cast(rate as double)',
    },
    checks=[
        missing('currency'),
        missing('rate_date'),
        unreadable('rate_date', 'a date such as 2024-03-01'),
        unreadable('rate', 'a number'),
        implausible('rate', 'rate <= 0', 'not above 0'),
    ],
    keep=['currency', 'rate_date', 'rate'],
) }}
