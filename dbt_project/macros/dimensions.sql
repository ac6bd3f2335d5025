{#
    A relation once for each dimension, with `dimension` and `dimension_value`.

    The relation must have the columns source_name, pipeline, owner_key, team, lead_source and
    region. A value that is not known is `unknown`, so that the rows of a dimension add up to `all`.

    For relations of few rows: each is laid out once for every dimension. What is counted from many
    is grouped by sets instead (below), which puts nothing aside before it is grouped.
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

{#
    Grouping sets for `keys`, which name a pipeline, with each dimension beside them.

    The relation must have the columns source_name, owner_key, team, lead_source and region, and
    none of them may be null. `places_of_set` names the dimensions of a set and their values.
#}
{% macro sets_by_dimension(keys) -%}
    grouping sets (
        ({{ keys | join(', ') }}),
        {%- for column in ['source_name', 'owner_key', 'team', 'lead_source', 'region'] %}
        ({{ (keys + [column]) | join(', ') }}){{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# A list of `dimension` and `value`: one of each set, two of the set without a dimension. #}
{% macro places_of_set() -%}
    {{ return(adapter.dispatch('places_of_set')()) }}
{%- endmacro %}

{% macro default__places_of_set() -%}
    case
        when source_name is not null then [{dimension: 'source_name', value: source_name}]
        when owner_key is not null then [{dimension: 'owner', value: owner_key}]
        when team is not null then [{dimension: 'team', value: team}]
        when lead_source is not null then [{dimension: 'lead_source', value: lead_source}]
        when region is not null then [{dimension: 'region', value: region}]
        -- The keys name the pipeline: its rows are those of the whole.
        else [
            {dimension: 'all', value: 'all'},
            {dimension: 'pipeline', value: coalesce(pipeline, 'unknown')}
        ]
    end
{%- endmacro %}
