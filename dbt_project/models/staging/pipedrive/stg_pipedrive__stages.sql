{{ stage_records(
    'pipedrive__stages',
    fields={
        'pipeline_id': '$.pipeline_id',
        'name': '$.name',
        'position': '$.order_nr',
        'win_rate': '$.deal_probability',
        'is_deleted': '$.is_deleted',
    },
    columns={
        'stage_id': 'id',
        'pipeline_id': 'pipeline_id',
        'name': 'name',
        'position': 'try_cast(position as integer)',
        'win_rate': parse_percent('win_rate'),
        'is_deleted': 'coalesce(' ~ parse_boolean('is_deleted') ~ ', false)',
    },
    checks=[
        missing('pipeline_id'),
        missing('name'),
        missing('position'),
        unreadable('position', 'a whole number'),
        unreadable('win_rate', 'a number from 0 to 100'),
        implausible('win_rate', 'win_rate not between 0 and 100', 'not from 0 to 100'),
    ],
    keep=['pipeline_id', 'name', 'position', 'win_rate'],
) }}
