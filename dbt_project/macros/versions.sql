{# The value that the last version which was there told, also where it told null; over the window
   `told`. #}
{% macro last_told(column) -%}
    (last_value(case when not is_absent then {value: {{ column }}} end ignore nulls) over told).value
{%- endmacro %}
