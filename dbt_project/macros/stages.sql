{# A stage name without case and without the difference of blanks, hyphens and underscores. #}
{% macro stage_code(name) -%}
    {{ return(adapter.dispatch('stage_code')(name)) }}
{%- endmacro %}

{% macro default__stage_code(name) -%}
    regexp_replace(lower(trim({{ name }})), '[\s_-]+', ' ', 'g')
{%- endmacro %}

{# Joins what rows say of stages to the stage list: names.stage and list.category. ``rows`` is their
    alias; they have source_name, entity_type, pipeline and stage, as delivered. #}
{% macro join_stage_list(rows) -%}
left join {{ ref('int_stage_names') }} as names
    on {{ rows }}.source_name = names.source_name
    and {{ rows }}.entity_type = names.entity_type
    and {{ rows }}.pipeline = names.pipeline
    and {{ rows }}.stage = names.delivered_stage
left join {{ ref('int_stage_list') }} as list
    on names.source_name = list.source_name
    and names.entity_type = list.entity_type
    and names.pipeline = list.pipeline
    and names.stage = list.stage
{%- endmacro %}
