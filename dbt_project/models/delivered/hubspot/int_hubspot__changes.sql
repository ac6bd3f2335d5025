-- HubSpot logs what a property was set to, also at the creation, but not what was there before.
with changes as (
    select *, 'deal' as entity_type, deal_id as entity_id from {{ ref('stg_hubspot__deal_changes') }}
    union all by name
    select *, 'lead' as entity_type, lead_id as entity_id from {{ ref('stg_hubspot__lead_changes') }}
)

select
    changes.source_name,
    changes.load_id,
    changes.ordinal,
    changes.known_at,
    changes.is_first_extraction,
    changes.extracted_at,
    changes.is_absent,
    changes.entity_type || '|' || changes.record_id as record_id,
    changes.entity_type,
    changes.entity_id,
    case changes.property
        when 'dealstage' then 'stage'
        when 'hs_pipeline_stage' then 'stage'
        when 'lifecyclestage' then 'stage'
        when 'pipeline' then 'pipeline'
        when 'hs_pipeline' then 'pipeline'
        when 'amount' then 'amount'
        when 'deal_currency_code' then 'currency'
        when 'closedate' then 'expected_close_date'
        when 'hubspot_owner_id' then 'owner_id'
    end as field,
    null::varchar as old_value,
    case changes.property
        when 'closedate' then changes.day::varchar
        when 'deal_currency_code' then coalesce(upper(changes.value), account.company_currency)
        else changes.value
    end as new_value,
    false as has_old_value,
    changes.changed_at,
    changes.change_number,
    true as history_is_complete
from changes
left join {{ ref('int_hubspot__company_currencies') }} as account using (source_name)
where changes.quarantine is null and changes.property <> 'hs_merged_object_ids'
