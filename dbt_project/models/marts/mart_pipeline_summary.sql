{% set bases = [
    'int_deal_days', 'int_fx_rates', 'int_owner_versions', 'int_deal_origins', 'days', 'requested',
] %}
{{ keep_by_day('snapshot_date', bases) }}

with days as (
    select
        daily.snapshot_date,
        daily.source_name,
        daily.pipeline,
        daily.stage,
        daily.stage_position,
        daily.owner_key,
        owners.team,
        origins.lead_source,
        -- A deal without a region of its own is in the one of the owner of the day.
        coalesce(origins.region, owners.region) as region,
        daily.amount_reporting,
        daily.weighted_amount_reporting
    from {{ ref('fct_pipeline_daily') }} as daily
    left join {{ ref('int_owner_versions') }} as owners
        on daily.owner_key = owners.owner_key
        and daily.snapshot_date >= owners.valid_from
        and daily.snapshot_date < owners.valid_to
    left join {{ ref('int_deal_origins') }} as origins on daily.deal_key = origins.deal_key
    where daily.snapshot_date >= {{ first_day(bases) }}
)

select
    snapshot_date,
    pipeline,
    stage,
    dimension,
    dimension_value,
    count(*) as deals,
    coalesce(sum(amount_reporting), 0)::decimal(18, 2) as amount_reporting,
    coalesce(sum(weighted_amount_reporting), 0)::decimal(18, 4) as weighted_amount_reporting,
    min(stage_position) as stage_position
from {{ by_dimension('days') }}
group by snapshot_date, pipeline, stage, dimension, dimension_value
order by snapshot_date, dimension, dimension_value, pipeline, stage_position, stage
