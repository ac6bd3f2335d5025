{# The business day on which an instant falls. A day ends at midnight of the business time zone. #}
{% macro business_day(instant) -%}
    {{ return(adapter.dispatch('business_day')(instant)) }}
{%- endmacro %}

{% macro default__business_day(instant) -%}
    timezone({{ setting('business_timezone') }}, {{ instant }})::date
{%- endmacro %}

{# First instant of a business day. #}
{% macro day_start(day) -%}
    {{ return(adapter.dispatch('day_start')(day)) }}
{%- endmacro %}

{% macro default__day_start(day) -%}
    timezone({{ setting('business_timezone') }}, ({{ day }})::timestamp)
{%- endmacro %}

{# Last instant of a business day, to the microsecond. #}
{% macro day_end(day) -%}
    {{ return(adapter.dispatch('day_end')(day)) }}
{%- endmacro %}

{% macro default__day_end(day) -%}
    (timezone({{ setting('business_timezone') }}, ({{ day }} + 1)::timestamp) - interval 1 microsecond)
{%- endmacro %}

{# Days between two instants as a fraction, exact to the microsecond, in a form that does not
   depend on the order of addition when summed: whole microseconds. #}
{% macro microseconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('microseconds_between')(earlier, later)) }}
{%- endmacro %}

{% macro default__microseconds_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }}))
{%- endmacro %}

{# Microseconds as days, rounded to 12 significant digits. #}
{% macro as_days(microseconds) -%}
    {{ significant('(' ~ microseconds ~ ') / 86400000000.0') }}
{%- endmacro %}
