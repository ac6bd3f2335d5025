{# What explanations are worded with. #}

{# A number of things: `1 day`, `2 days`. #}
{% macro counted(number, thing) -%}
    (({{ number }}) || case when {{ number }} = 1 then ' {{ thing }}' else ' {{ thing }}s' end)
{%- endmacro %}

{# A share as whole percent. #}
{% macro percent(rate) -%}
    (round(({{ rate }}) * 100)::integer || ' %')
{%- endmacro %}
