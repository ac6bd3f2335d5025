{{ stage_records(
    'salesforce__opportunity_stages',
    fields={
        'stage': '$.ApiName',
        'label': '$.MasterLabel',
        'position': '$.SortOrder',
        'win_rate': '$.DefaultProbability',
        'is_active': '$.IsActive',
        'is_closed': '$.IsClosed',
        'is_won': '$.IsWon',
    },
    columns={
        'stage': 'stage',
        'label': 'coalesce(label, stage)',
        'position': 'try_cast(try_cast(position as double) as integer)',
        'category': "case when is_won = 'true' then 'won' when is_closed = 'true' then 'lost' else 'open' end",
        'win_rate': parse_percent('win_rate'),
        'is_active': parse_boolean('is_active'),
    },
    checks=[
        missing('stage'),
        missing('position'),
        unreadable('position', 'a whole number'),
    ],
    keep=['stage', 'position'],
) }}
