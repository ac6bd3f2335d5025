-- No history can be asked for: each version that a night saw tells when its stage was entered.
-- Stages that were passed between two nights are not seen; so every row counts as inferred.
select
    source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
    concat_ws('|', record_id, business_type, stage, epoch_ms(stage_entered_at)) as record_id,
    'deal' as entity_type,
    record_id as entity_id,
    business_type as pipeline,
    stage,
    stage_entered_at as entered_at,
    true as is_inferred
from {{ ref('stg_neocrm__opportunities') }}
where quarantine is null and not is_absent and stage_entered_at is not null
