{{ stage_records(
    'pipedrive__pipelines',
    fields={
        'name': '$.name',
        'is_deleted': '$.is_deleted',
        'is_deal_probability_enabled': '$.is_deal_probability_enabled',
    },
    columns={
        'pipeline_id': 'id',
        'name': 'name',
        'is_deleted': 'coalesce(' ~ parse_boolean('is_deleted') ~ ', false)',
        'has_probability': 'coalesce(' ~ parse_boolean('is_deal_probability_enabled') ~ ', true)',
    },
    checks=[missing('name')],
    keep=['name'],
) }}
