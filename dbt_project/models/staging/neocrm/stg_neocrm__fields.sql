{{ stage_records(
    'neocrm__fields',
    fields={'object': '$.object', 'field': '$.field.apiKey', 'choices': '$.field.selectitem'},
    columns={
        'object': 'object',
        'field': 'field',
        'choices': "case when json_valid(choices) then choices::json -> '$[*]' end",
    },
) }}
