with places as (
    select * from {{ ref('int_pipeline_places') }}
),

place_values as (
    select place_key, dimension, dimension_value from {{ by_dimension('places') }}
),

flows as (
    select
        flows.period,
        flows.period_start,
        place_values.dimension,
        place_values.dimension_value,
        flows.* exclude (period, period_start, period_end, place_key)
    from {{ ref('int_pipeline_flows') }} as flows
    inner join place_values on flows.place_key = place_values.place_key
),

place_lists as (
    select
        place_key,
        list(dimension order by dimension) as dimensions,
        list(dimension_value order by dimension) as dimension_values
    from place_values
    group by place_key
),

-- From one value of a dimension to another; a deal that changes hands inside a team stays there.
-- Both places' values lie side by side: to join them as rows took longer than all the rest.
moves as (
    select
        movements.happened_on,
        movements.amount_reporting,
        unnest(from_places.dimensions) as dimension,
        unnest(from_places.dimension_values) as from_value,
        unnest(to_places.dimension_values) as to_value
    from {{ ref('int_pipeline_movements') }} as movements
    inner join place_lists as from_places on movements.from_place_key = from_places.place_key
    inner join place_lists as to_places on movements.place_key = to_places.place_key
    where movements.bucket = 'transferred'
),

transfers as (
    select
        periods.period,
        periods.period_start,
        moves.dimension,
        moves.from_value,
        moves.to_value,
        moves.amount_reporting
    from moves
    inner join {{ ref('int_periods') }} as periods on moves.happened_on = periods.date_day
    where moves.from_value <> moves.to_value
),

everything as (
    select * from flows
    union all by name
    select
        period, period_start, dimension, to_value as dimension_value,
        sum(amount_reporting) as transferred_in, count(*) as transferred_in_count
    from transfers
    group by all
    union all by name
    select
        period, period_start, dimension, from_value as dimension_value,
        -sum(amount_reporting) as transferred_out, count(*) as transferred_out_count
    from transfers
    group by all
    union all by name
    select period, period_start, dimension, dimension_value, fx_count
    from {{ ref('int_revaluations') }}
),

summed as (
    select
        period,
        period_start,
        dimension,
        dimension_value,
        {% for column in waterfall_columns() -%}
        coalesce(sum({{ column }}), 0)::decimal(18, 2) as {{ column }},
        {% endfor -%}
        {% for column in waterfall_columns() -%}
        coalesce(sum({{ column }}_count), 0)::bigint as {{ column }}_count
        {{- "," if not loop.last }}
        {% endfor %}
    from everything
    group by all
)

{{ by_period('summed') }}
