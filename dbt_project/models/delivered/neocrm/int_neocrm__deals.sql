select
    opportunities.* exclude (
        record_id, file, line, business_type, stage_entered_at, quarantine, quarantined_payload
    ),
    record_id as deal_id,
    business_type as pipeline,
    sources.options ->> '$.currency' as currency,
    false as is_deleted
from {{ ref('stg_neocrm__opportunities') }} as opportunities
left join {{ source('settings', 'sources') }} as sources
    on opportunities.source_name = sources.source_name
where quarantine is null
