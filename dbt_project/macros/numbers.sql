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

{# Won amounts ÷ won and lost amounts; null if under 80 % of the lost deals have an amount. #}
{% macro value_win_rate(won_amount, lost_amount, lost, lost_with_amount) -%}
    case
        when {{ lost_with_amount }} >= 0.8 * {{ lost }}
            then {{ ratio(
                'coalesce(' ~ won_amount ~ ', 0)',
                '(coalesce(' ~ won_amount ~ ', 0) + coalesce(' ~ lost_amount ~ ', 0))'
            ) }}
    end
{%- endmacro %}

{#
    The ends of the 95 % Wilson score interval of a share, `count` of `total`, between 0 and 1.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
#}
{% macro wilson_low(count, total) -%}
    {{ significant(wilson_end(count, total, '-')) }}
{%- endmacro %}

{% macro wilson_high(count, total) -%}
    {{ significant(wilson_end(count, total, '+')) }}
{%- endmacro %}

{% macro wilson_end(count, total, side) -%}
    {%- set z = '1.959963984540054' -%}
    greatest(0, least(1, (
        ({{ count }} + {{ z }}::double ^ 2 / 2) {{ side }} {{ z }}::double * sqrt(
            {{ count }}::double * ({{ total }} - {{ count }}) / nullif({{ total }}, 0)
            + {{ z }}::double ^ 2 / 4
        )
    ) / ({{ total }} + {{ z }}::double ^ 2)))
{%- endmacro %}
