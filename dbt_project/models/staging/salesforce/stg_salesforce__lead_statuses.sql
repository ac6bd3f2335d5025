{{ stage_records(
    'salesforce__lead_statuses',
    fields={
        'stage': '$.ApiName',
        'label': '$.MasterLabel',
        'position': '$.SortOrder',
        'is_converted': '$.IsConverted',
    },
    columns={
        'stage': 'stage',
        'label': 'coalesce(label, stage)',
        'position': 'try_cast(try_cast(position as double) as integer)',
        'category': "case when is_converted = 'true' then 'won' when list_contains(" ~ source_option('read.source_name', '$.lost_lead_statuses') ~ "::json::varchar[], stage) then 'lost' else 'open' end",
    },
    checks=[
        missing('stage'),
        missing('position'),
        unreadable('position', 'a whole number'),
    ],
    keep=['stage', 'position'],
) }}
