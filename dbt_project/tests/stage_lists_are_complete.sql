{{ config(severity='warn') }}
-- A returned row is a stage that no stage list names, so that its place and category are guesses;
-- or an open stage of deals without a win rate, so that its amounts have no weight.
select
    source_name,
    entity_type,
    pipeline,
    stage,
    category,
    case
        when origin = 'observed' then 'not in a stage list'
        else 'without a win rate'
    end as missing
from {{ ref('dim_stage') }}
where origin = 'observed'
    or (entity_type = 'deal' and category = 'open' and win_rate is null)
