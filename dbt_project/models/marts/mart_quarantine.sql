-- Rows that were set aside, from every staging model.
{% for staged in staged_objects() %}
select
    source_name,
    '{{ staged.object }}' as table_name,
    concat_ws(
        ', ', file,
        case when line is not null then 'line ' || line end,
        case when quarantine.column_name is not null then 'column ' || quarantine.column_name end
    ) as location,
    quarantine.reason as reason,
    {{ masked_json('quarantined_payload') }} as row_json,
    known_at as seen_at,
    load_id,
    ordinal
from {{ ref(staged.model) }}
where quarantine is not null
{{ "union all" if not loop.last }}
{% endfor %}
order by seen_at, source_name, table_name, load_id, ordinal
