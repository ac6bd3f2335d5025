-- A returned row is a month and stage whose way in and ways out do not explain its closing, or that
-- does not open with what the month before closed with (nothing, before the first one).
select
    month_start, entity_type, pipeline, stage, opening, closing,
    lag(closing) over months as closing_before
from {{ ref('mart_stage_flow') }}
window months as (partition by entity_type, pipeline, stage order by month_start)
qualify opening + entered
    <> advanced + regressed + won + lost + moved + removed + closing
    or opening <> coalesce(closing_before, 0)
    or least(opening, entered, advanced, regressed, won, lost, moved, removed, closing) < 0
    or lag(month_start) over months + interval 1 month <> month_start
    or (
        lead(month_start) over months is null
        and month_start <> date_trunc('month', {{ setting('as_of') }})
    )
