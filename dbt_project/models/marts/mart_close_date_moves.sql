with placed as (
    select counted.*, places.* exclude (place_key)
    from {{ ref('int_close_date_counts') }} as counted
    inner join {{ ref('int_pipeline_places') }} as places on counted.place_key = places.place_key
),

summed as (
    select
        period,
        period_start,
        dimension,
        dimension_value,
        {% for column in [
            'due', 'lost', 'won', 'removed', 'pushed_out', 'pulled_in', 'still_due', 'entered_due',
            'overdue_at_start'
        ] -%}
        coalesce(sum({{ column }}), 0)::bigint as {{ column }}
        {{- "," if not loop.last }}
        {% endfor %}
    from {{ by_dimension('placed') }}
    group by period, period_start, dimension, dimension_value
)

{{ by_period('summed') }}
