{{ config(materialized='view') }}

-- Every visit of a deal to an open stage, in business days up to its end or to `as_of`.
select
    entity_key as deal_key,
    source_name,
    pipeline,
    stage,
    visit_number,
    entered_on,
    left_on,
    (coalesce(left_on, {{ setting('as_of') }}) - entered_on)::integer as days,
    has_moved_on
from {{ ref('int_stage_visits') }}
where entity_type = 'deal'
