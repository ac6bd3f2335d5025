{{ stage_records(
    'salesforce__tracked_fields',
    fields={
        'sobject': '$.EntityDefinition.QualifiedApiName',
        'field_name': '$.QualifiedApiName',
    },
    columns={
        'sobject': 'sobject',
        'field_name': 'field_name',
    },
) }}
