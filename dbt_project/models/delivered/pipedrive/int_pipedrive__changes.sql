-- The log of each deal, in its older names of fields. A deletion is logged as a status, which is
-- no closing; changes of other fields say only that the log was read.
select
    source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
    record_id,
    'deal' as entity_type,
    deal_id as entity_id,
    case
        when field_key in ('stage_id', 'stage') then 'stage'
        when field_key in ('pipeline', 'pipeline_id') then 'pipeline'
        when field_key = 'status' and 'deleted' not in (coalesce(old_value, ''), coalesce(new_value, ''))
            then 'status'
        when field_key = 'value' then 'amount'
        when field_key in ('currency', 'expected_close_date') then field_key
        when field_key in ('user_id', 'owner_id') then 'owner_id'
    end as field,
    old_value,
    new_value,
    true as has_old_value,
    changed_at,
    true as history_is_complete
from {{ ref('stg_pipedrive__deal_changes') }}
where quarantine is null
