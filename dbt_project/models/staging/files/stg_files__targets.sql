{{ stage_files(
    table='targets',
    columns={
        'record_id': 'id',
        'period_start': parse_date('period_start'),
        'period_end': parse_date('period_end'),
        'amount': parse_money('amount'),
        'currency': 'upper(currency)',
        'owner_id': 'owner_id',
        'team': 'team',
    },
    checks=[
        missing('period_start'),
        missing('period_end'),
        missing('amount'),
        unreadable('period_start', 'a date such as 2017-03-01'),
        unreadable('period_end', 'a date such as 2017-03-31'),
        unreadable('amount', 'a number such as 1500 or 1500.25'),
        implausible('currency', "not regexp_full_match(currency, '[A-Z]{3}')", 'not a currency code of three letters'),
        implausible('period_end', 'period_end < period_start', 'before the start of the period'),
    ],
    keep=['period_start', 'period_end', 'amount', 'currency'],
) }}
