-- Rows of stage history, in the names and categories of the stage list, at their place in time.
-- depends_on: {{ ref('int_changed_records') }}
select
    history_rows.* exclude (stage, entered_at, entered_day_end, first_load_id, first_ordinal),
    names.stage,
    list.category,
    -- A date alone closes at the end of the day.
    case
        when list.category <> 'open'
            then coalesce(history_rows.entered_day_end, history_rows.entered_at)
        else history_rows.entered_at
    end as happened_at,
    1 as sequence_kind,
    history_rows.first_load_id as load_id,
    history_rows.first_ordinal as ordinal
from (
    select * from {{ ref('int_history_rows') }}
    where {{ has_changed('entity_type', 'entity_key') }}
) as history_rows
left join {{ ref('int_stage_names') }} as names
    on history_rows.source_name = names.source_name
    and history_rows.entity_type = names.entity_type
    and history_rows.pipeline = names.pipeline
    and history_rows.stage = names.delivered_stage
left join {{ ref('int_stage_list') }} as list
    on names.source_name = list.source_name
    and names.entity_type = list.entity_type
    and names.pipeline = list.pipeline
    and names.stage = list.stage
