{{ stage_records(
    'neocrm__business_types',
    fields={'label': '$.label', 'api_key': '$.apiKey'},
    columns={'label': 'coalesce(label, api_key)'},
) }}
