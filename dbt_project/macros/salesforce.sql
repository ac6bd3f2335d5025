{# An account's own setting, as text; null where it is not set. #}
{% macro source_option(source_name, path) -%}
    (
        select any_value(sources.options ->> '{{ path }}')
        from {{ source('settings', 'sources') }} as sources
        where sources.source_name = {{ source_name }}
    )
{%- endmacro %}

{# The text of the org's own field that is configured for a use; null where none is. #}
{% macro salesforce_custom_field(use) -%}
    nullif(trim(payload ->> (
        '$."' || {{ source_option('read.source_name', '$.custom_fields.' ~ use) }} || '"'
    )), '')
{%- endmacro %}

{#
    An id in its form of 18 characters: the last three tell which of the first 15 are capitals.
    Old values of history and spreadsheets have the short form.
#}
{% macro salesforce_id(text) -%}
    case
        when length({{ text }}) = 15 then {{ text }} || array_to_string(
            list_transform(
                [0, 5, 10],
                lambda block: substr(
                    'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
                    1 + list_sum(list_transform(
                        range(0, 5),
                        lambda place: case
                            when ascii(substr({{ text }}, (block + place + 1)::integer, 1))
                                between 65 and 90
                                then 1 << place::integer
                            else 0
                        end
                    ))::integer,
                    1
                )
            ),
            ''
        )
        else {{ text }}
    end
{%- endmacro %}

{#
    A number that orders ids as Salesforce made them: places 6 to 15 in base 62, digits before
    capitals before small letters. The object's prefix and the server's name are left out, so that
    it fits 64 bits.
#}
{% macro salesforce_number(id) -%}
    list_reduce(
        list_transform(
            range(6, 16),
            lambda place: strpos(
                '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
                substr({{ id }}, place::integer, 1)
            )::bigint - 1
        ),
        lambda high, low: high * 62 + low
    )
{%- endmacro %}

{# A pipeline is a record type; records without one, or of the master record type, are in `main`. #}
{% macro salesforce_pipeline(record_type_id) -%}
    case
        when {{ record_type_id }} is null or {{ record_type_id }} like '012000000000000%' then 'main'
        else {{ salesforce_id(record_type_id) }}
    end
{%- endmacro %}

{# Whether a value of history names a user or a queue: lookups are logged twice, by name and by id. #}
{% macro salesforce_is_owner(text) -%}
    regexp_full_match({{ text }}, '(005|00G)([0-9A-Za-z]{12}|[0-9A-Za-z]{15})')
{%- endmacro %}
