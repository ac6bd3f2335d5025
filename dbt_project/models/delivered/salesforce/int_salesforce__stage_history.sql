-- The history of opportunities, with the pipeline in which each row happened: that of the change of
-- record type before it, or what the first one replaced. Without a logged change of record type the
-- record's own pipeline holds, which the row leaves to it.
with history as (
    select
        *,
        -- The row holds what each field is after the change, so an empty one is empty.
        case when amount is null then ['amount'] else [] end as emptied
    from {{ ref('stg_salesforce__opportunity_history') }}
    where quarantine is null
),

record_type_changes as (
    select
        * exclude (old_value, new_value),
        {{ salesforce_pipeline('old_value') }} as old_pipeline,
        {{ salesforce_pipeline('new_value') }} as new_pipeline
    from {{ ref('stg_salesforce__opportunity_field_history') }}
    where quarantine is null
        and not is_absent
        and field_name = 'RecordType'
        and coalesce(new_value, old_value) like '012%'
    qualify row_number() over (
        partition by source_name, deal_id, changed_at order by change_number desc, load_id
    ) = 1
),

first_changes as (
    select source_name, deal_id, min_by(old_pipeline, changed_at) as pipeline
    from record_type_changes
    group by all
),

placed as (
    select
        history.*,
        coalesce(changes.new_pipeline, first_changes.pipeline) as pipeline
    from history
    asof left join record_type_changes as changes
        on history.source_name = changes.source_name
        and history.deal_id = changes.deal_id
        and history.entered_at >= changes.changed_at
    left join first_changes
        on history.source_name = first_changes.source_name
        and history.deal_id = first_changes.deal_id
),

-- Another record type with the same stage leaves no row in the history of stages.
moved as (
    select
        changes.source_name,
        changes.load_id,
        changes.ordinal,
        changes.known_at,
        changes.is_first_extraction,
        changes.extracted_at,
        changes.is_absent,
        changes.record_id,
        changes.deal_id,
        changes.change_number as event_number,
        changes.new_pipeline as pipeline,
        history.stage,
        changes.changed_at as entered_at
    from record_type_changes as changes
    asof inner join history
        on changes.source_name = history.source_name
        and changes.deal_id = history.deal_id
        and changes.changed_at >= history.entered_at
    where changes.changed_at > history.entered_at
),

happened as (
    select * from placed
    union all by name
    select * from moved
)

select
    source_name,
    load_id,
    ordinal,
    known_at,
    is_first_extraction,
    extracted_at,
    is_absent,
    record_id,
    record_id as event_id,
    event_number,
    'deal' as entity_type,
    deal_id as entity_id,
    pipeline,
    stage,
    entered_at,
    amount,
    currency,
    probability,
    expected_close_date,
    coalesce(emptied, []) as emptied,
    false as is_inferred
from happened
