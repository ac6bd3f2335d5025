{# The order of events: time; then the creation before delivered history before what is inferred;
   then the vendor's own row ids; then the order of lines at their first landing. #}
{% macro event_order(alias='') -%}
    {%- set p = alias ~ '.' if alias else '' -%}
    {{ p }}happened_at, {{ p }}sequence_kind, coalesce({{ p }}event_number, 9223372036854775807), {{ p }}load_id, {{ p }}ordinal
{%- endmacro %}

{# Whether a change removes its record (true) or restores it (false); null where it does neither. #}
{% macro removes(transition_type) -%}
    case
        when {{ transition_type }} in ('deleted', 'merged') then true
        when {{ transition_type }} = 'restored' then false
    end
{%- endmacro %}
