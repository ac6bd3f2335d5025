-- A returned row is a transition that does not begin where the one before it ended, lies before
-- it in time, or is not numbered one after it.
with chained as (
    select
        transition_id,
        entity_key,
        entity_sequence,
        from_stage,
        from_category,
        transitioned_at,
        lag(to_stage) over earlier as previous_stage,
        lag(to_category) over earlier as previous_category,
        lag(transitioned_at) over earlier as previous_at,
        row_number() over earlier as place
    from {{ ref('fct_stage_transitions') }}
    window earlier as (partition by entity_type, entity_key order by entity_sequence)
)

select *
from chained
where from_stage is distinct from previous_stage
    or from_category is distinct from previous_category
    or transitioned_at < previous_at
    or entity_sequence <> place
