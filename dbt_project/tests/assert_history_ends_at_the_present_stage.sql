-- A returned row is a lead or deal whose last transition ends in another stage or pipeline than
-- the one it is in now, or that has a creation date and no transition.
with last_transitions as (
    select entity_type, entity_key, pipeline, to_stage
    from {{ ref('fct_stage_transitions') }}
    qualify row_number() over (
        partition by entity_type, entity_key order by entity_sequence desc
    ) = 1
),

records as (
    select 'deal' as entity_type, deal_key as entity_key, pipeline, stage, created_at
    from {{ ref('fct_deals') }}
    union all
    select 'lead' as entity_type, lead_key as entity_key, pipeline, status as stage, created_at
    from {{ ref('fct_leads') }}
)

select
    entity_type,
    entity_key,
    records.pipeline,
    records.stage,
    last_transitions.pipeline as last_pipeline,
    last_transitions.to_stage as last_stage
from records
full join last_transitions using (entity_type, entity_key)
where (last_transitions.to_stage is null) <> (records.created_at is null)
    or records.pipeline <> last_transitions.pipeline
    or records.stage <> last_transitions.to_stage
