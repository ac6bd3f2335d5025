{{ keep_by_period() }}
{% set from_day = first_day_of_periods() %}

-- How many deals the rates revalued. A deal that stayed in one place all period counts there; of
-- one that moved, each dimension value has its own part.
with revalued as (
    select
        deal_key,
        period,
        period_start,
        period_end,
        place_key,
        value_to_reporting - value_from_reporting as fx
    from {{ ref('int_pipeline_holdings') }} as held
    where value_to_reporting <> value_from_reporting and {{ periods_from(from_day, 'held') }}
),

deals as (
    select
        deal_key,
        period,
        period_start,
        any_value(period_end) as period_end,
        min(place_key) as first_place,
        max(place_key) as last_place,
        sum(fx) as fx
    from revalued
    group by deal_key, period, period_start
),

places as (
    select * from {{ ref('int_pipeline_places') }}
),

place_values as (
    select place_key, dimension, dimension_value from {{ by_dimension('places') }}
),

in_one_place as (
    select period, period_start, period_end, first_place as place_key, count(*) as deals
    from deals
    where first_place = last_place and fx <> 0
    group by all
),

on_the_move as (
    select
        revalued.deal_key,
        revalued.period,
        revalued.period_start,
        revalued.period_end,
        place_values.dimension,
        place_values.dimension_value
    from revalued
    inner join deals
        on revalued.deal_key = deals.deal_key
        and revalued.period = deals.period
        and revalued.period_start = deals.period_start
        and deals.first_place <> deals.last_place
    inner join place_values on revalued.place_key = place_values.place_key
    group by all
    having sum(revalued.fx) <> 0
)

select
    counted.period,
    counted.period_start,
    counted.period_end,
    counted.dimension,
    counted.dimension_value,
    sum(counted.deals)::bigint as fx_count
from (
    select in_one_place.* exclude (place_key), place_values.dimension, place_values.dimension_value
    from in_one_place
    inner join place_values on in_one_place.place_key = place_values.place_key
    union all by name
    select * exclude (deal_key), 1 as deals from on_the_move
) as counted
group by all
