{{ stage_files(
    table='fx_rates',
    columns={
        'record_id': 'id',
        'rate_date': parse_date('date'),
        'currency': 'upper(currency)',
        'base': 'upper(base)',
        'rate': 'try_cast(rate as double)',
    },
    checks=[
        "when date__text is null then {column_name: 'date', reason: 'date is missing'}",
        missing('currency'),
        missing('base'),
        missing('rate'),
        "when rate_date is null then {column_name: 'date', reason: 'date is ''' || left(date__text, 60) || ''', which is not a date such as 2017-03-01'}",
        unreadable('rate', 'a number'),
        implausible('rate', 'not (rate > 0 and isfinite(rate))', 'not greater than zero'),
        implausible('currency', "not regexp_full_match(currency, '[A-Z]{3}')", 'not a currency code of three letters'),
        implausible('base', "not regexp_full_match(base, '[A-Z]{3}')", 'not a currency code of three letters'),
    ],
    keep=['date', 'currency', 'base', 'rate'],
) }}
