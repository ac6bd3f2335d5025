select
    source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
    owner_id, name, is_active
from {{ ref('stg_pipedrive__users') }}
where quarantine is null
