{# A delivered row without what identifies a person: values of fields named for a contact's name,
   address or telephone, and whatever looks like an e-mail address or a telephone number. #}
{% macro masked_json(payload) -%}
    {{ return(adapter.dispatch('masked_json')(payload)) }}
{%- endmacro %}

{% macro default__masked_json(payload) -%}
    left(regexp_replace(
        regexp_replace(
            regexp_replace(
                {{ payload }},
                '("[^"]*(?:name|mail|phone|mobile|contact|address|street|birth)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"',
                '\1"***"', 'gi'
            ),
            '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+', '***@***', 'g'
        ),
        '[+][0-9][0-9 ().-]{6,}[0-9]|\([0-9]{3}\) ?[0-9]{3}[- ][0-9]{4}', '***', 'g'
    ), 4000)
{%- endmacro %}
