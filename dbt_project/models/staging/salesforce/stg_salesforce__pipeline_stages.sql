{{ stage_records(
    'salesforce__pipeline_stages',
    fields={
        'label': '$.label',
        'is_closed': '$.attributes.closed',
        'is_won': '$.attributes.won',
        'win_rate': '$.attributes.defaultProbability',
    },
    columns={
        'pipeline': salesforce_pipeline("split_part(id, '|', 1)"),
        'stage': "substr(id, strpos(id, '|') + 1)",
        'label': 'label',
        'position': 'line::integer',
        'category': "case when is_won = 'true' then 'won' when is_closed = 'true' then 'lost' when is_closed = 'false' then 'open' end",
        'win_rate': parse_percent('win_rate'),
    },
) }}
