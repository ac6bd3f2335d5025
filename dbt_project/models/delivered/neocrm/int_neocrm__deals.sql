-- The amounts are in the tenant's currency. Why a deal was lost and where it came from are choices,
-- told here by their newest names.
with names as (
    select source_name, field, code, max_by(label, load_id) as label
    from {{ ref('int_neocrm__choices') }}
    where object = 'opportunity'
    group by all
)

select
    deals.* exclude (
        record_id, file, line, business_type, stage_entered_at, quarantine, quarantined_payload
    )
    replace (
        coalesce(source_names.label, deals.lead_source) as lead_source,
        coalesce(reason_names.label, deals.loss_reason) as loss_reason
    ),
    deals.record_id as deal_id,
    deals.business_type as pipeline,
    case when not deals.is_absent then sources.options ->> '$.currency' end as currency,
    false as is_deleted
from {{ ref('stg_neocrm__opportunities') }} as deals
left join {{ source('settings', 'sources') }} as sources on deals.source_name = sources.source_name
left join names as source_names
    on deals.source_name = source_names.source_name
    and source_names.field = 'leadSourceId'
    and deals.lead_source = source_names.code
left join names as reason_names
    on deals.source_name = reason_names.source_name
    and reason_names.field = 'reason'
    and deals.loss_reason = reason_names.code
where deals.quarantine is null
