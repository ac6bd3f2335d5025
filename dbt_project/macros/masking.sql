{# A delivered row without what identifies a person: e-mail addresses and telephone numbers. #}
{% macro masked_json(payload) -%}
    {{ return(adapter.dispatch('masked_json')(payload)) }}
{%- endmacro %}

{% macro default__masked_json(payload) -%}
    left(regexp_replace(
        regexp_replace(
            {{ payload }}, '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+', '***@***', 'g'
        ),
        '[+][0-9][0-9 ().-]{6,}[0-9]|\([0-9]{3}\) ?[0-9]{3}[- ][0-9]{4}', '***', 'g'
    ), 4000)
{%- endmacro %}
