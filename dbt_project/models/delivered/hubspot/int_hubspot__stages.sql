-- A stage is closed if HubSpot says so, won at a probability of one. Lead stages have no
-- probability: the settings name those that end a lead, else their state or label tells.
with deal_stages as (
    select
        *,
        'deal' as entity_type,
        case
            when is_closed and probability >= 1 then 'won'
            when is_closed then 'lost'
            when is_closed is null and probability >= 1 then 'won'
            else 'open'
        end as category,
        100 * probability as win_rate
    from {{ ref('stg_hubspot__deal_stages') }}
),

lead_stages as (
    select
        stages.*,
        'lead' as entity_type,
        case
            when stages.is_lifecycle and list_contains(
                (settings.options -> 'converted_lifecycle_stages')::varchar[], stages.stage
            ) then 'won'
            when stages.is_lifecycle then 'open'
            when list_contains(
                (settings.options -> 'qualified_lead_stages')::varchar[], stages.stage
            ) then 'won'
            when list_contains(
                (settings.options -> 'disqualified_lead_stages')::varchar[], stages.stage
            ) then 'lost'
            when stages.lead_state = 'QUALIFIED' then 'won'
            when stages.is_closed is false then 'open'
            when stages.lead_state is null and lower(stages.label) = 'qualified' then 'won'
            when stages.lead_state in ('UNQUALIFIED', 'DISQUALIFIED')
                or lower(stages.label) in ('unqualified', 'disqualified')
                or stages.is_closed
                then 'lost'
            else 'open'
        end as category
    from {{ ref('stg_hubspot__lead_stages') }} as stages
    left join {{ source('settings', 'sources') }} as settings using (source_name)
),

stages as (
    select * from deal_stages
    union all by name
    select * from lead_stages
)

select
    source_name,
    load_id,
    ordinal,
    known_at,
    is_first_extraction,
    extracted_at,
    is_absent or is_withdrawn as is_absent,
    entity_type || '|' || record_id as record_id,
    entity_type,
    pipeline,
    stage,
    label,
    position,
    category,
    win_rate,
    pipeline_label
from stages
where quarantine is null
