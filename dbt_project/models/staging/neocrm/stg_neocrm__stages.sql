{{ stage_records(
    'neocrm__stages',
    fields={
        'business_type': '$.businessType.id',
        'business_type_label': '$.businessType.label',
        'position': '$.place',
        'stage': '$.stage.id',
        'label': '$.stage.stageName',
        'win_rate': '$.stage.winRate',
    },
    columns={
        'business_type': 'business_type',
        'business_type_label': 'business_type_label',
        'stage': 'stage',
        'label': 'label',
        'position': 'try_cast(position as integer)',
        'win_rate': parse_percent('win_rate'),
    },
    checks=[
        unreadable('win_rate', 'a number from 0 to 100'),
        implausible('win_rate', 'win_rate not between 0 and 100', 'not from 0 to 100'),
    ],
    keep=['win_rate'],
) }}
