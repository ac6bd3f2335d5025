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
{{ join_stage_list('history_rows') }}
