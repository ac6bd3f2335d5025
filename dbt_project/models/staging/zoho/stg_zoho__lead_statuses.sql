{{ stage_records(
    'zoho__lead_statuses',
    fields={
        'stage': '$.actual_value',
        'label': '$.display_value',
        'position': '$.sequence_number',
    },
    columns={
        'stage': 'coalesce(stage, label)',
        'label': 'coalesce(label, stage)',
        'position': 'coalesce(try_cast(position as integer), line::integer)',
    },
) }}
