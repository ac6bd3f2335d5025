{# HubSpot's instants: ISO with an offset, or milliseconds since 1970; a date is a day's start. #}
{% macro hubspot_instant(text) -%}
    case
        when regexp_full_match({{ text }}, '-?[0-9]{6,}')
            then to_timestamp(try_cast({{ text }} as bigint) / 1000.0)
        else {{ parse_instant(text) }}
    end
{%- endmacro %}

{# The day of an instant in the account's time zone; a date is itself. #}
{% macro hubspot_day(text) -%}
    case
        when length({{ text }}) = 10 and contains({{ text }}, '-') then {{ parse_date(text) }}
        else timezone(timezone, {{ hubspot_instant(text) }})::date
    end
{%- endmacro %}
