-- Which stages close a deal is said by their names, as the settings have them, else by a win rate
-- of 100. Lead statuses are the choices of the field; behind them stands the conversion.
with options as (
    select
        source_name,
        (options -> '$.won_stages')::varchar[] as won_stages,
        (options -> '$.lost_stages')::varchar[] as lost_stages,
        (options -> '$.lost_lead_statuses')::varchar[] as lost_lead_statuses
    from {{ source('settings', 'sources') }}
    where type = 'neocrm'
),

labels as (
    select source_name, record_id, load_id, label from {{ ref('stg_neocrm__business_types') }}
    where quarantine is null and not is_absent
),

deal_stages as (
    select
        stages.source_name, stages.load_id, stages.ordinal, stages.known_at,
        stages.is_first_extraction, stages.extracted_at, stages.is_absent,
        'deal|' || stages.record_id as record_id,
        'deal' as entity_type,
        stages.business_type as pipeline,
        stages.stage,
        stages.label,
        stages.position,
        case
            when list_contains(options.won_stages, stages.label) then 'won'
            when list_contains(options.lost_stages, stages.label) then 'lost'
            when stages.win_rate = 100 then 'won'
            else 'open'
        end as category,
        stages.win_rate,
        labels.label as pipeline_label
    from {{ ref('stg_neocrm__stages') }} as stages
    left join options on stages.source_name = options.source_name
    asof left join labels
        on stages.source_name = labels.source_name
        and stages.business_type = labels.record_id
        and stages.load_id >= labels.load_id
    where stages.quarantine is null
),

choices as (
    select
        fields.* exclude (choices, record_id, file, line, quarantine, quarantined_payload),
        unnest((choices -> '$[*]')::json[]) as choice,
        generate_subscripts((choices -> '$[*]')::json[], 1) as place,
        json_array_length(choices) as places
    from {{ ref('stg_neocrm__lead_fields') }} as fields
    where quarantine is null and record_id = 'status' and choices is not null
),

lead_stages as (
    select
        choices.source_name, choices.load_id, choices.ordinal * 1000 + place as ordinal,
        choices.known_at, choices.is_first_extraction, choices.extracted_at, choices.is_absent,
        choice ->> '$.value' as stage,
        choice ->> '$.label' as label,
        place as position,
        case
            when list_contains(options.lost_lead_statuses, choice ->> '$.label') then 'lost'
            else 'open'
        end as category
    from choices
    left join options on choices.source_name = options.source_name
    union all
    select
        source_name, load_id, ordinal * 1000 + 999 as ordinal, known_at, is_first_extraction,
        extracted_at, is_absent, 'converted' as stage, '已转换' as label, 1000 as position,
        'won' as category
    from choices
    where place = 1
)

select * from deal_stages
union all by name
select
    *,
    concat_ws('|', 'lead', stage) as record_id,
    'lead' as entity_type,
    'leads' as pipeline
from lead_stages
