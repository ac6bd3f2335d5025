{#
    New loads only, typed, with the reason why a row is set aside. One frame for every source:
    `stage_files` reads views that give text columns, `stage_records` views of a vendor's own
    records, of which it takes `fields` first.

    `columns`  names -> SQL expression over the delivered text columns and the envelope
    `checks`   WHEN branches (see parsing.sql) over the typed columns; the first that matches wins
    `keep`     text columns that the checks quote, as `<name>__text`
    `fields`   names -> JSON path in the payload; each gives a text column, without padding, null
               if empty. All are taken by one extraction, so that a payload is parsed once.

    A row with a reason (`quarantine`) stays here, whole, for `mart_quarantine`; everything
    downstream reads `where quarantine is null`.
#}
{% macro stage_files(table, columns, checks, keep) %}
{{ stage_landed('files__' ~ table, columns, checks, keep) }}
{% endmacro %}

{% macro stage_records(object, fields, columns, checks=[], keep=[]) %}
{{ stage_landed(object, dict({'record_id': 'id'}, **columns), checks, keep, fields) }}
{% endmacro %}

{% macro stage_landed(view, columns, checks, keep, fields={}) %}
with delivered as (
    select * from {{ source('landing', view) }} as delivered
    {%- if is_incremental() %}
    -- The view offers the loads that were not staged when the night began; this guards a rerun.
    where not exists (
        select 1 from {{ this }} as staged
        where staged.source_name = delivered.source_name and staged.load_id = delivered.load_id
    )
    {%- endif %}
),

{% if fields -%}
taken as (
    select
        *,
        case
            when problem is null and not is_absent and json_valid(payload)
                then {{ json_texts('payload', fields.values()) }}
        end as taken_texts
    from delivered
),

read as (
    select
        * exclude (taken_texts)
        {%- for name in fields %},
        nullif(trim(taken_texts[{{ loop.index }}]), '') as {{ name }}
        {%- endfor %}
    from taken
),
{%- else -%}
read as (
    select * from delivered
),
{%- endif %}

typed as (
    select
        {{ delivery_columns() }},
        {%- for name in keep %}
        {{ name }} as {{ name }}__text,
        {%- endfor %}
        {%- for name, expression in columns.items() %}
        {{ expression }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from read
)

select
    typed.source_name,
    typed.load_id,
    typed.ordinal,
    typed.known_at,
    loads.is_first_extraction,
    -- Without a time of its own, an observation belongs to the day that its night reports.
    least(typed.known_at, {{ day_end('loads.as_of') }}) as extracted_at,
    typed.file,
    typed.line,
    typed.is_absent,
    {%- for name in columns %}
    typed.{{ name }},
    {%- endfor %}
    case
        when typed.problem is not null
            then {column_name: typed.problem_column, reason: typed.problem}
        when typed.is_absent then null
        {%- for check in checks %}
        {{ check }}
        {%- endfor %}
    end as quarantine,
    case when quarantine is not null then typed.payload end as quarantined_payload
from typed
left join {{ source('landing', 'loads') }} as loads on typed.load_id = loads.load_id
{% endmacro %}
