{#
    How a build of everything stays within the engine's memory.

    What derives the past of leads and deals sorts all their rows, and wide ones. Those of a million
    deals at once spill several times their size, so a build that extends none goes slice by slice:
    the hash of its key puts a record into one, and `settings.record_slices` tells how many there are.
    The query of a sliced model gives the rows of one slice: each of its inputs of leads and deals is
    held to it by `has_changed`, `has_news` or `in_slice`.
#}

{# Configures a table that is built slice by slice and keeps nothing. #}
{% macro build_in_slices() -%}
    {{ config(
        meta={'slices_at_once': 1}, pre_hook=["{{ begin_slices() }}"], post_hook=["{{ add_slices() }}"],
    ) }}
{%- endmacro %}

{# Whether the model that is being built goes slice by slice in this build. #}
{% macro is_sliced() -%}
    {{ return((config.get('meta') or {}).get('slices_at_once', 0) > 0 and not extends_a_build()) }}
{%- endmacro %}

{# A condition that holds for the rows whose key is in the slice that is being built. #}
{% macro in_slice(entity_key) -%}
    {%- if is_sliced() -%}
        {{ return(adapter.dispatch('is_between_slices')(entity_key)) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Everything, where nobody named a slice. #}
{% macro default__is_between_slices(entity_key) -%}
    hash({{ entity_key }}) between coalesce(getvariable('slice_first'), 0::ubigint)
        and coalesce(getvariable('slice_last'), 18446744073709551615::ubigint)
{%- endmacro %}

{% macro choose_slice(number, slices) -%}
    {{ return(adapter.dispatch('choose_slice')(number, slices)) }}
{%- endmacro %}

{% macro default__choose_slice(number, slices) -%}
set variable slice_first = (18446744073709551616::hugeint * {{ number }} // {{ slices }})::ubigint;
set variable slice_last = (18446744073709551616::hugeint * {{ number + 1 }} // {{ slices }} - 1)::ubigint
{%- endmacro %}

{% macro begin_slices() -%}
    {%- if is_sliced() -%}
        {{ choose_slice(0, record_slices()) }}
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{# The first slice is in the table; the others follow. #}
{% macro add_slices() -%}
    {%- if is_sliced() -%}
        {%- set slices = record_slices() -%}
        {%- for number in range(1, slices) -%}
            {{ choose_slice(number, slices) }};
            insert into {{ this }} by name
            {{ model.compiled_code }};
        {% endfor -%}
        {{ choose_slice(0, 1) }}
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{% macro record_slices() -%}
    {%- set slices = run_query('select settings.record_slices()').columns[0].values()[0] | int -%}
    {{ return([slices // config.get('meta').slices_at_once, 1] | max) }}
{%- endmacro %}
