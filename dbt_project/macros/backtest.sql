{#
    The forecast's track record: which past days are forecast again, and what they are kept for.
#}

{# Days of a period that have passed when a share of it has, to the nearest whole day. #}
{% macro seen_days(rate, period_start, period_end) -%}
    {{ return(adapter.dispatch('seen_days')(rate, period_start, period_end)) }}
{%- endmacro %}

{% macro default__seen_days(rate, period_start, period_end) -%}
    floor(({{ period_end }} - {{ period_start }} + 1) * {{ rate }} + 0.5)::integer
{%- endmacro %}

{# A number of 64 bits for the values of a row; the same values give the same number. #}
{% macro row_hash(row) -%}
    {{ return(adapter.dispatch('row_hash')(row)) }}
{%- endmacro %}

{% macro default__row_hash(row) -%}
    hash({{ row }})
{%- endmacro %}

{# Whether two rows, by the names of their relations, are forecasts of one method on one day for
   one period. #}
{% macro is_same_forecast(one, other) -%}
    {%- for column in ['method', 'as_of', 'period', 'period_start'] -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Drop the forecasts of days that are no origins any more, or of which something else is known. #}
{% macro forget_changed_origins() -%}
{% if is_incremental() -%}
delete from {{ this }}
where (as_of, fingerprint) not in (
    select (as_of, fingerprint) from {{ ref('int_forecast_origins') }}
)
{%- else -%}
select 1
{%- endif %}
{%- endmacro %}

{#
    Mean over quantiles of the pinball loss, in the unit of the value: `quantiles` maps levels
    (0-1) to columns. Half of it summed over all levels is the continuous ranked probability score.

    Koenker and Bassett (1978), Regression quantiles.
#}
{% macro pinball_loss(value, quantiles) -%}
    {%- set losses = [] -%}
    {%- for level, column in quantiles.items() -%}
        {%- do losses.append(
            'greatest(' ~ level ~ ' * (' ~ value ~ ' - ' ~ column ~ '), '
            ~ (level - 1)|round(2) ~ ' * (' ~ value ~ ' - ' ~ column ~ '))'
        ) -%}
    {%- endfor -%}
    {{ significant('(' ~ losses | join(' + ') ~ ') / ' ~ quantiles | length ~ '.0') }}
{%- endmacro %}
