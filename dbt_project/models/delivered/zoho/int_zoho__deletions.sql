-- A record that was merged away is told like a deleted one. A record that comes back is told by its
-- next version.
{%- for kind in ['deal', 'lead'] %}
select
    source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
    '{{ kind }}' as entity_type,
    {{ kind }}_id as entity_id,
    deleted_at,
    null::varchar as merged_into_id
from {{ ref('stg_zoho__deleted_' ~ kind ~ 's') }}
where quarantine is null
{{ 'union all' if not loop.last }}
{%- endfor %}
