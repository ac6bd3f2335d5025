{# A float rounded to 12 significant digits, so that the last bits of an aggregate never differ
   between two builds of the same data. #}
{% macro significant(value) -%}
    {{ return(adapter.dispatch('significant')(value)) }}
{%- endmacro %}

{% macro default__significant(value) -%}
    settings.significant(({{ value }})::double)
{%- endmacro %}

{# numerator ÷ denominator, null where the denominator is zero. #}
{% macro ratio(numerator, denominator) -%}
    {{ significant('(' ~ numerator ~ ')::double / nullif(' ~ denominator ~ ', 0)') }}
{%- endmacro %}

{# An amount in the reporting currency, rounded to the cent. #}
{% macro to_reporting(amount, rate) -%}
    {{ return(adapter.dispatch('to_reporting')(amount, rate)) }}
{%- endmacro %}

{% macro default__to_reporting(amount, rate) -%}
    try_cast(round({{ amount }}::double * {{ rate }}, 2) as decimal(18, 2))
{%- endmacro %}

{# Whole numbers divided and rounded up, exactly; null where the denominator is zero. #}
{% macro rounded_up(numerator, denominator) -%}
    ({{ numerator }} + {{ denominator }} - 1) // nullif({{ denominator }}, 0)
{%- endmacro %}
