-- A returned row is a deal that closed before it began, a stage that was left before it was
-- entered, or a day of the pipeline on which a deal is younger than nothing.
select 'fct_deals' as table_name, deal_key as record_key, sales_cycle_days::double as days
from {{ ref('fct_deals') }}
where sales_cycle_days < 0 or closed_at < created_at or first_closed_at > closed_at
union all
select 'fct_stage_transitions' as table_name, transition_id as record_key, days_in_from_stage as days
from {{ ref('fct_stage_transitions') }}
where days_in_from_stage < 0
union all
select
    'fct_pipeline_daily' as table_name,
    deal_key || ' ' || snapshot_date as record_key,
    least(days_in_stage, days_open)::double as days
from {{ ref('fct_pipeline_daily') }}
where days_in_stage < 0 or days_open < 0 or days_in_stage > days_open
