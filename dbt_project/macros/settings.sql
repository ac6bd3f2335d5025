{#
    A setting of the night, as an SQL expression.

    The night writes its settings into the engine as functions without arguments (schema
    `settings`), because a dbt variable or environment variable that changes from night to
    night would throw dbt's parsed project away each time.
#}
{% macro setting(name) -%}
    {{ return(adapter.dispatch('setting')(name)) }}
{%- endmacro %}

{% macro default__setting(name) -%}
    settings.{{ name }}()
{%- endmacro %}
