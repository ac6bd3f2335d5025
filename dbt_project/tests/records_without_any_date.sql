{{ config(severity='warn') }}
-- A returned row is a deal or lead that can't be placed in time: it counts as it stands at
-- `as_of`, and in no history.
select 'deal' as entity_type, deal_key as entity_key, pipeline, stage
from {{ ref('fct_deals') }}
where created_at is null
union all
select 'lead' as entity_type, lead_key as entity_key, pipeline, status as stage
from {{ ref('fct_leads') }}
where created_at is null
