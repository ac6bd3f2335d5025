{{ stage_records(
    'neocrm__lead_fields',
    fields={'choices': '$.selectitem'},
    columns={'choices': 'try_cast(choices as json)'},
) }}
