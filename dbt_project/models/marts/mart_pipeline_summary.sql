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
        coalesce(daily.owner_key, 'unknown') as owner_key,
        coalesce(owners.team, 'unknown') as team,
        coalesce(origins.lead_source, 'unknown') as lead_source,
        -- A deal without a region of its own is in the one of the owner of the day.
        coalesce(origins.region, owners.region, 'unknown') as region,
        daily.amount_reporting,
        daily.weighted_amount_reporting
    from {{ ref('fct_pipeline_daily') }} as daily
    left join {{ ref('int_owner_versions') }} as owners
        on daily.owner_key = owners.owner_key
        and daily.snapshot_date >= owners.valid_from
        and daily.snapshot_date < owners.valid_to
    left join {{ ref('int_deal_origins') }} as origins on daily.deal_key = origins.deal_key
    where daily.snapshot_date >= {{ first_day(bases) }}
),

-- A day has as many rows as open deals, so they are grouped without being laid out by dimension.
grouped as (
    select
        snapshot_date,
        pipeline,
        stage,
        {{ places_of_set() }} as places,
        count(*) as deals,
        sum(amount_reporting) as amount_reporting,
        sum(weighted_amount_reporting) as weighted_amount_reporting,
        min(stage_position) as stage_position
    from days
    group by {{ sets_by_dimension(['snapshot_date', 'pipeline', 'stage']) }}
)

select
    snapshot_date,
    pipeline,
    stage,
    place.dimension as dimension,
    place.value as dimension_value,
    deals,
    coalesce(amount_reporting, 0)::decimal(18, 2) as amount_reporting,
    coalesce(weighted_amount_reporting, 0)::decimal(18, 4) as weighted_amount_reporting,
    stage_position
from (
    select grouped.*, unnest(places) as place from grouped
)
order by snapshot_date, dimension, dimension_value, pipeline, stage_position, stage
