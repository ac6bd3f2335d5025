{{ stage_records(
    'hubspot__lead_deals',
    fields={'deal': '$.dealId', 'lead': '$.leadId'},
    columns={
        'deal_id': "coalesce(deal, split_part(id, '|', 1))",
        'lead_id': "coalesce(lead, split_part(id, '|', 2))",
    },
) }}
