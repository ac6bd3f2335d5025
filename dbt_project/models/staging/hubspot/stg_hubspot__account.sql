{{ stage_records(
    'hubspot__account',
    fields={'company_currency': '$.companyCurrency', 'account_time_zone': '$.timeZone'},
    columns={
        'company_currency': 'upper(company_currency)',
        'account_time_zone': 'account_time_zone',
    },
) }}
