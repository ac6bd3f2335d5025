{# A stage name without case and without the difference of blanks, hyphens and underscores. #}
{% macro stage_code(name) -%}
    {{ return(adapter.dispatch('stage_code')(name)) }}
{%- endmacro %}

{% macro default__stage_code(name) -%}
    regexp_replace(lower(trim({{ name }})), '[\s_-]+', ' ', 'g')
{%- endmacro %}
