-- What each label of a stage or status stands for: the value under which it is kept. Records and
-- history hold the label of the moment; one that was renamed is still known by its old label.
with told as (
    select source_name, 'deal' as entity_type, stage, label, category, load_id, ordinal
    from {{ ref('stg_zoho__deal_stages') }}
    where quarantine is null and not is_absent
    union all
    select source_name, 'lead' as entity_type, stage, label, null as category, load_id, ordinal
    from {{ ref('stg_zoho__lead_statuses') }}
    where quarantine is null and not is_absent
),

named as (
    select source_name, entity_type, label as name, 2 as rank, stage, category, load_id, ordinal
    from told
    union all
    select source_name, entity_type, stage as name, 1 as rank, stage, category, load_id, ordinal
    from told
)

select
    source_name,
    entity_type,
    name,
    max_by(stage, (rank, load_id, ordinal)) as stage,
    max_by(category, (rank, load_id, ordinal)) as category
from named
group by all
