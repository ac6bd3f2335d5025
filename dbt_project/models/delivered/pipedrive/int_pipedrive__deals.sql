-- A closing is no stage in Pipedrive: a deal keeps the stage in which it was won or lost. That
-- stage is also the one it was created in, unless its log says otherwise; but only if the log has
-- the closing, for a deal that was created as won never was in it.
with closings as (
    select distinct source_name, deal_id
    from {{ ref('stg_pipedrive__deal_changes') }}
    where quarantine is null and field_key = 'status' and new_value in ('won', 'lost')
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
    deals.pipeline_id as pipeline,
    case when deals.status in ('won', 'lost') then deals.status else deals.stage_id end as stage,
    case when closings.deal_id is not null then deals.stage_id end as created_stage,
    deals.created_at,
    case deals.status when 'won' then deals.won_at when 'lost' then deals.lost_at end as closed_at,
    deals.updated_at,
    deals.expected_close_date,
    deals.account,
    deals.amount,
    deals.currency,
    deals.probability,
    deals.owner_id,
    deals.lead_id,
    deals.lead_source,
    deals.loss_reason,
    deals.is_deleted
from {{ ref('stg_pipedrive__deals') }} as deals
left join closings using (source_name, deal_id)
where deals.quarantine is null
