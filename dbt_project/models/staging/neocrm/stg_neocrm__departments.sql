{{ stage_records(
    'neocrm__departments',
    fields={'name': '$.departName'},
    columns={'name': 'name'},
) }}
