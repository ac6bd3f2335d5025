-- A returned row is a period in which a bucket of some dimension does not sum to that of `all`, or
-- transfers do not cancel out, or are there where there can be none.
{% set shared = ['opening', 'fx', 'closing'] + waterfall_buckets() %}
with summed as (
    select
        period,
        period_start,
        dimension,
        {% for column in shared -%}
        sum({{ column }}) as {{ column }},
        {% if column != 'fx' -%}
        sum({{ column }}_count) as {{ column }}_count,
        {% endif -%}
        {% endfor -%}
        sum(transferred_in + transferred_out) as transferred,
        sum(transferred_in_count - transferred_out_count) as transferred_count,
        sum(transferred_in_count) as transfers
    from {{ ref('mart_pipeline_waterfall') }}
    group by all
)

select period, period_start
from summed
group by all
having count(*) <> 7
    {% for column in shared -%}
    or min({{ column }}) <> max({{ column }})
    {% if column != 'fx' -%}
    or min({{ column }}_count) <> max({{ column }}_count)
    {% endif -%}
    {% endfor -%}
    or max(abs(transferred)) > 0
    or max(abs(transferred_count)) > 0
    or max(transfers) filter (where dimension in ('all', 'lead_source')) > 0
