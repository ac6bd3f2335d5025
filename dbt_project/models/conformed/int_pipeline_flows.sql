{{ keep_by_period() }}
{% set from_day = first_day_of_periods() %}

-- The waterfall of each combination of dimension values, without transfers: sums and counts of
-- what stood there, came, went and was revalued. Few rows, so that each dimension is a sum of them.
with movements as (
    select
        periods.period,
        periods.period_start,
        periods.period_end,
        days.place_key,
        {% for bucket in waterfall_buckets() -%}
        sum(days.amount) filter (where days.bucket = '{{ bucket }}') as {{ bucket }},
        sum(days.movements) filter (where days.bucket = '{{ bucket }}') as {{ bucket }}_count
        {{- "," if not loop.last }}
        {% endfor %}
    from (
        select happened_on, bucket, place_key, sum(amount_reporting) as amount, count(*) as movements
        from {{ ref('int_pipeline_movements') }}
        where bucket <> 'transferred' and happened_on >= {{ start_of_periods(from_day) }}
        group by all
    ) as days
    inner join {{ ref('int_periods') }} as periods on days.happened_on = periods.date_day
    where {{ periods_from(from_day, 'periods') }}
    group by all
),

holdings as (
    select
        period,
        period_start,
        period_end,
        place_key,
        sum(value_from_reporting) filter (where is_opening) as opening,
        count(*) filter (where is_opening) as opening_count,
        sum(value_to_reporting - value_from_reporting) as fx,
        sum(value_to_reporting) filter (where is_closing) as closing,
        count(*) filter (where is_closing) as closing_count
    from {{ ref('int_pipeline_holdings') }} as held
    where {{ periods_from(from_day, 'held') }}
    group by all
)

select
    period,
    period_start,
    period_end,
    place_key,
    {% for bucket in ['opening'] + waterfall_buckets() + ['closing'] -%}
    coalesce({{ bucket }}, 0)::decimal(18, 2) as {{ bucket }},
    coalesce({{ bucket }}_count, 0)::bigint as {{ bucket }}_count,
    {% endfor -%}
    coalesce(fx, 0)::decimal(18, 2) as fx
from movements
full join holdings using (period, period_start, period_end, place_key)
