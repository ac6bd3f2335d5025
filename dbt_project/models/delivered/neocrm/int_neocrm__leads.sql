-- A lead that names its opportunity has been converted, whatever its status is called. Nothing tells
-- when, so the conversion is seen when the lead changed.
with names as (
    select source_name, field, code, max_by(label, load_id) as label
    from {{ ref('int_neocrm__choices') }}
    where object = 'lead'
    group by all
),

codes as (
    select source_name, label, max_by(code, load_id) as code
    from {{ ref('int_neocrm__choices') }}
    where object = 'lead' and field = 'status'
    group by all
),

named as (
    select
        leads.*,
        coalesce(codes.code, leads.status) as code,
        list_contains(
            (sources.options -> '$.converted_lead_statuses')::varchar[],
            coalesce(status_names.label, leads.status)
        ) as is_converted,
        coalesce(source_names.label, leads.lead_source) as lead_source_name
    from {{ ref('stg_neocrm__leads') }} as leads
    left join {{ source('settings', 'sources') }} as sources
        on leads.source_name = sources.source_name
    left join codes on leads.source_name = codes.source_name and leads.status = codes.label
    left join names as status_names
        on leads.source_name = status_names.source_name
        and status_names.field = 'status'
        and coalesce(codes.code, leads.status) = status_names.code
    left join names as source_names
        on leads.source_name = source_names.source_name
        and source_names.field = 'leadSourceId'
        and leads.lead_source = source_names.code
    where leads.quarantine is null
)

select
    * exclude (
        record_id, file, line, code, is_converted, lead_source_name, deal_id, quarantine,
        quarantined_payload
    )
    replace (
        case when deal_id is not null or is_converted then 'converted' else code end as status,
        lead_source_name as lead_source
    ),
    record_id as lead_id,
    'leads' as pipeline,
    deal_id as converted_deal_id,
    false as is_deleted
from named
