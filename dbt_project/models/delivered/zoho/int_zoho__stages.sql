-- The stages of each pipeline, and the statuses of leads: those that the settings name end a lead
-- as lost, and a conversion as won.
select
    source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
    record_id, 'deal' as entity_type, pipeline, stage, label, position, category, win_rate,
    pipeline_label
from {{ ref('stg_zoho__deal_stages') }}
where quarantine is null
union all by name
select
    statuses.source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
    record_id, 'lead' as entity_type, 'main' as pipeline, stage, label, position,
    case
        when list_contains((settings.options -> 'lost_lead_statuses')::varchar[], stage)
            or list_contains((settings.options -> 'lost_lead_statuses')::varchar[], label)
            then 'lost'
        else 'open'
    end as category
from {{ ref('stg_zoho__lead_statuses') }} as statuses
left join {{ source('settings', 'sources') }} as settings
    on statuses.source_name = settings.source_name
where quarantine is null
union all by name
(
    select
        source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
        'converted' as record_id, 'lead' as entity_type, 'main' as pipeline, 'converted' as stage,
        'Converted' as label, 1000 as position, 'won' as category
    from {{ ref('stg_zoho__lead_statuses') }}
    where quarantine is null and not is_absent
    qualify row_number() over (partition by source_name order by load_id, ordinal) = 1
)
