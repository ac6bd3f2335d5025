-- Which stages close a deal is said by their names, as the settings have them, else by a win rate
-- of 100. Lead statuses are the choices of the field; behind them stands the conversion, in the
-- place of every status that means the same.
{%- set delivery = 'source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at' %}
with options as (
    select
        source_name,
        (options -> '$.won_stages')::varchar[] as won_stages,
        (options -> '$.lost_stages')::varchar[] as lost_stages,
        (options -> '$.converted_lead_statuses')::varchar[] as converted_statuses,
        (options -> '$.lost_lead_statuses')::varchar[] as lost_statuses
    from {{ source('settings', 'sources') }}
    where type = 'neocrm'
),

deal_stages as (
    select
        {{ delivery }},
        is_absent,
        'deal|' || record_id as record_id,
        'deal' as entity_type,
        business_type as pipeline,
        stage,
        label,
        position,
        case
            when list_contains(won_stages, label) then 'won'
            when list_contains(lost_stages, label) then 'lost'
            when win_rate = 100 then 'won'
            else 'open'
        end as category,
        win_rate,
        business_type_label as pipeline_label
    from {{ ref('stg_neocrm__stages') }}
    left join options using (source_name)
    where quarantine is null
),

status_lists as (
    select {{ delivery }}
    from {{ ref('stg_neocrm__fields') }}
    where quarantine is null and object = 'lead' and field = 'status' and len(choices) > 0
),

choices as (
    select * from {{ ref('int_neocrm__choices') }} where object = 'lead' and field = 'status'
),

codes as (
    select source_name, code, min(load_id) as first_load_id from choices group by all
),

-- A choice that a later list lacks is withdrawn by it.
statuses as (
    select
        status_lists.*,
        not coalesce(choices.is_active, false) as is_absent,
        codes.code as stage,
        choices.label,
        choices.position,
        case
            when list_contains(options.lost_statuses, choices.label) then 'lost'
            when choices.label is not null then 'open'
        end as category,
        coalesce(list_contains(options.converted_statuses, choices.label), false) as is_conversion
    from status_lists
    inner join codes
        on status_lists.source_name = codes.source_name
        and status_lists.load_id >= codes.first_load_id
    left join choices
        on codes.source_name = choices.source_name
        and codes.code = choices.code
        and status_lists.load_id = choices.load_id
    left join options on status_lists.source_name = options.source_name
),

lead_stages as (
    select * exclude (is_conversion) from statuses where not is_conversion
    union all by name
    select
        *,
        false as is_absent,
        'converted' as stage,
        '已转换' as label,
        1000 as position,
        'won' as category
    from status_lists
    qualify row_number() over (partition by source_name order by load_id, ordinal) = 1
)

select * from deal_stages
union all by name
select *, 'lead|' || stage as record_id, 'lead' as entity_type, 'leads' as pipeline
from lead_stages
