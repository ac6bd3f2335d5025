-- In which open stage the deals of each pipeline began.
select
    pipeline,
    to_stage as stage,
    count(*) as deals
from {{ ref('int_stage_transitions') }}
where entity_type = 'deal' and transition_type = 'created' and to_category = 'open'
group by all
order by all
