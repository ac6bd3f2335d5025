-- Leads and deals about which something landed since the last complete build; with what landed once
-- and is withdrawn or told of another record now, also the record it was told of before.
--
-- Empty in a build that has nothing to extend: there, everything is derived.
-- depends_on: {{ ref('int_default_pipelines') }}
-- depends_on: {{ source('settings', 'sources') }}
-- depends_on: {{ source('landing', 'loads') }}
with
{%- if extends_a_build() %}
new_loads as (
    select load_id, source_name, table_name
    from {{ source('landing', 'loads') }}
    where row_count + deleted_rows > 0
        and load_id not in (select load_id from conformed.built_loads)
),

-- Where data that shapes leads and deals changed, all of the source are read anew.
renewed_sources as (
    select distinct new_loads.source_name
    from new_loads
    inner join {{ source('settings', 'sources') }} as sources
        on new_loads.source_name = sources.source_name
    where false
    {%- for staged in staged_objects() if staged.shapes_records %}
        or (
            sources.type = '{{ staged.model.split('__')[0].removeprefix('stg_') }}'
            and new_loads.table_name = '{{ staged.object }}'
        )
    {%- endfor %}
    union
    select source_name from (
        {{ differing('int_default_pipelines') }}
    )
),
{%- endif %}

told as (
    select null::varchar as source_name, null::varchar as entity_type, null::varchar as entity_id
    where false
    {%- for staged in staged_objects() if staged.kind != 'reference' %}
    {%- for entity_type, entity_id in [(staged.entity_type, staged.entity_id)] + staged.get('links', []) %}
    union all
    select source_name, {{ entity_type }} as entity_type, {{ entity_id }} as entity_id
    from {{ ref(staged.model) }}
    {%- if extends_a_build() %}
    where load_id in (select load_id from new_loads)
        or source_name in (select source_name from renewed_sources)
    {%- if loop.first and staged.row_id != staged.entity_id %}
        or (source_name, {{ staged.row_id }}) in (
            select (source_name, {{ staged.row_id }}) from {{ ref(staged.model) }}
            where load_id in (select load_id from new_loads)
        )
    {%- endif %}
    {%- else %}
    where false
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
)

select distinct
    entity_type,
    source_name || ':' || entity_id as entity_key
from told
where entity_id is not null
{%- if extends_a_build() %}
union
{{ attempted('int_records_with_news') }}
{%- endif %}
