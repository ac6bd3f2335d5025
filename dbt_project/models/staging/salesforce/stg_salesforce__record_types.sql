{{ stage_records(
    'salesforce__record_types',
    fields={
        'name': '$.Name',
    },
    columns={
        'pipeline': salesforce_pipeline('id'),
        'name': 'name',
    },
) }}
