-- A pipeline is told by its id or, by some organisations, by its name only. Without a currency of
-- its own, an amount is in the home currency.
with pipelines as (
    select source_name, name, max_by(pipeline, (load_id, ordinal)) as pipeline
    from (
        select source_name, unnest([pipeline_label, pipeline_value]) as name, pipeline, load_id, ordinal
        from {{ ref('stg_zoho__deal_stages') }}
        where quarantine is null and not is_absent
    )
    group by all
),

home as (
    select source_name, max_by(currency, (load_id, ordinal)) as currency
    from {{ ref('stg_zoho__org') }}
    where quarantine is null and not is_absent
    group by all
)

select
    deals.source_name,
    deals.load_id,
    deals.ordinal,
    deals.known_at,
    deals.is_first_extraction,
    deals.extracted_at,
    deals.is_absent,
    deals.deal_id,
    coalesce(deals.pipeline, pipelines.pipeline, deals.pipeline_name) as pipeline,
    coalesce(names.stage, deals.stage_label) as stage,
    deals.created_at,
    case when names.category in ('won', 'lost') then deals.stage_changed_at end as closed_at,
    deals.updated_at,
    deals.expected_close_date,
    deals.account,
    deals.amount,
    coalesce(deals.currency, home.currency) as currency,
    deals.probability,
    deals.owner_id,
    deals.lead_source,
    deals.loss_reason,
    false as is_deleted
from {{ ref('stg_zoho__deals') }} as deals
left join pipelines
    on deals.source_name = pipelines.source_name and deals.pipeline_name = pipelines.name
left join {{ ref('int_zoho__stage_names') }} as names
    on deals.source_name = names.source_name
    and names.entity_type = 'deal'
    and deals.stage_label = names.name
left join home on deals.source_name = home.source_name
where deals.quarantine is null
