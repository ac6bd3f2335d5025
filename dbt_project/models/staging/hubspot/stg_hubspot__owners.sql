{{ stage_records(
    'hubspot__owners',
    fields={
        'first_name': '$.firstName',
        'last_name': '$.lastName',
        'email': '$.email',
        'teams': '$.teams',
        'archived': '$.archived',
    },
    columns={
        'owner_id': 'id',
        'name': "coalesce(nullif(concat_ws(' ', first_name, last_name), ''), email)",
        'teams': "from_json(teams::json, '[{\"name\": \"VARCHAR\", \"primary\": \"BOOLEAN\"}]')",
        'is_active': "coalesce(" ~ parse_boolean('archived') ~ ", false) is false",
    },
) }}
