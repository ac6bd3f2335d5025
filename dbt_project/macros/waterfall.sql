{# What moves the pipeline within one combination of dimension values, in the order of the columns
   of the waterfall. Transfers lie between two of them, and fx is what rates did. #}
{% macro waterfall_buckets() -%}
    {{ return(['new', 'reopened', 'increased', 'decreased', 'won', 'lost', 'removed']) }}
{%- endmacro %}

{# All columns of the waterfall with an amount and a count, in order. #}
{% macro waterfall_columns() -%}
    {{ return([
        'opening', 'new', 'reopened', 'increased', 'decreased', 'fx', 'transferred_in',
        'transferred_out', 'won', 'lost', 'removed', 'closing'
    ]) }}
{%- endmacro %}

{# Rows by period, start of the period and dimension: with the period's end, in their order. #}
{% macro by_period(rows) -%}
select
    {{ rows }}.period,
    {{ rows }}.period_start,
    periods.period_end,
    {{ rows }}.* exclude (period, period_start)
from {{ rows }}
inner join {{ ref('int_periods') }} as periods
    on {{ rows }}.period = periods.period
    and {{ rows }}.period_start = periods.period_start
    and periods.is_first_day
order by
    array_position(['week', 'month', 'quarter'], {{ rows }}.period), {{ rows }}.period_start,
    {{ rows }}.dimension, {{ rows }}.dimension_value
{%- endmacro %}
