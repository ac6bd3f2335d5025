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
