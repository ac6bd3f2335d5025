{#
    A relation once for each dimension, with `dimension` and `dimension_value`.

    The relation must have the columns source_name, pipeline, owner_key, team, lead_source and
    region. A value that is not known is `unknown`, so that the rows of a dimension add up to `all`.
#}
{% macro by_dimension(relation) -%}
    {{ return(adapter.dispatch('by_dimension')(relation)) }}
{%- endmacro %}

{% macro default__by_dimension(relation) -%}
    (
        select
            {{ relation }}.*,
            unnest(['all', 'source_name', 'pipeline', 'owner', 'team', 'lead_source', 'region'])
                as dimension,
            unnest([
                'all', source_name, coalesce(pipeline, 'unknown'), coalesce(owner_key, 'unknown'),
                coalesce(team, 'unknown'), coalesce(lead_source, 'unknown'),
                coalesce(region, 'unknown')
            ]) as dimension_value
        from {{ relation }}
    )
{%- endmacro %}

{# A number for one combination of the values of all dimensions, the same in every build. #}
{% macro place_key(source_name, pipeline, owner_key, team, lead_source, region) -%}
    {{ return(adapter.dispatch('place_key')(source_name, pipeline, owner_key, team, lead_source, region)) }}
{%- endmacro %}

{% macro default__place_key(source_name, pipeline, owner_key, team, lead_source, region) -%}
    md5_number(concat_ws(
        chr(31), {{ source_name }}, {{ pipeline }}, {{ owner_key }}, {{ team }}, {{ lead_source }}, {{ region }}
    ))
{%- endmacro %}
