{#
    Text from an export as a point in time.

    A time with an offset is taken as it is; one without is local to the time zone of its source;
    a date alone is the business day: its start, or its end for closings.
#}
{% macro parse_instant(text, at_day_end=false) -%}
    {{ return(adapter.dispatch('parse_instant')(text, at_day_end)) }}
{%- endmacro %}

{% macro default__parse_instant(text, at_day_end) -%}
    case
        when {{ text }} is null then null
        when length({{ text }}) <= 10
            then {{ day_end('try_cast(' ~ text ~ ' as date)') if at_day_end else day_start('try_cast(' ~ text ~ ' as date)') }}
        when regexp_matches({{ text }}, '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$')
            then try_cast({{ text }} as timestamptz)
        else timezone(timezone, try_cast({{ text }} as timestamp))
    end
{%- endmacro %}

{% macro parse_date(text) -%}
    try_cast(left({{ text }}, 10) as date)
{%- endmacro %}

{% macro parse_money(text) -%}
    try_cast({{ text }} as decimal(18, 4))
{%- endmacro %}

{% macro parse_percent(text) -%}
    try_cast({{ text }} as decimal(9, 6))
{%- endmacro %}

{% macro parse_boolean(text) -%}
    case
        when lower({{ text }}) in ('true', 't', 'yes', 'y', '1') then true
        when lower({{ text }}) in ('false', 'f', 'no', 'n', '0') then false
    end
{%- endmacro %}

{# Reasons for setting a row aside. Each gives a WHEN branch that yields the column and the reason. #}
{% macro missing(column) -%}
    when {{ column }}__text is null then {column_name: '{{ column }}', reason: '{{ column }} is missing'}
{%- endmacro %}

{% macro unreadable(column, wanted) -%}
    when {{ column }}__text is not null and {{ column }} is null
        then {column_name: '{{ column }}', reason: '{{ column }} is ''' || left({{ column }}__text, 60) || ''', which is not {{ wanted }}'}
{%- endmacro %}

{% macro implausible(column, condition, reason) -%}
    when {{ condition }}
        then {column_name: '{{ column }}', reason: '{{ column }} is ''' || left({{ column }}__text, 60) || ''': {{ reason }}'}
{%- endmacro %}

{# A time far outside any company's records would make a deal open for centuries. #}
{% macro implausible_instant(column) -%}
    {{ implausible(column, column ~ " not between timestamptz '1970-01-01 00:00:00+00' and timestamptz '2200-01-01 00:00:00+00'", 'not between the years 1970 and 2199') }}
{%- endmacro %}

{# What every staged row carries of its delivery. #}
{% macro delivery_columns() -%}
    source_name, load_id, ordinal, known_at, file, line, is_absent,
    problem, problem_column, payload, timezone
{%- endmacro %}

{# The texts at several JSON paths of one payload, as a list in the order of the paths. #}
{% macro json_texts(payload, paths) -%}
    {{ return(adapter.dispatch('json_texts')(payload, paths)) }}
{%- endmacro %}

{% macro default__json_texts(payload, paths) -%}
    ({{ payload }} ->> [
        {%- for path in paths %}
        '{{ path | replace("'", "''") }}'{{ "," if not loop.last }}
        {%- endfor %}
    ])
{%- endmacro %}

{# Milliseconds since 1970 in UTC, as whole numbers. #}
{% macro parse_epoch_millis(text) -%}
    timezone('UTC', epoch_ms(try_cast({{ text }} as bigint)))
{%- endmacro %}

{# A choice from a list, given as its code, as its name, or as a list of names. #}
{% macro first_choice(text) -%}
    case
        when {{ text }} like '[%' and json_valid({{ text }}) then {{ text }} ->> '$[0]'
        else {{ text }}
    end
{%- endmacro %}
