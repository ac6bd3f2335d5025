-- A returned row is a step of the funnel whose outcomes do not sum to those that entered it, or
-- that counts more really entered than passed; or a stage that is not entered by exactly those who
-- reached it from the stage before. The latter is told within one source, whose list is one.
with counts as (
    select * from {{ ref('int_funnel_counts') }}
),

of_one_list as (
    select * from counts
    where cohort_month is null and dimension = 'source_name'
),

entered as (
    select dimension_value, entity_type, pipeline, from_stage as stage, min(entered) as entered
    from of_one_list
    group by all
    -- Every row that leaves a stage begins with the same ones.
    having min(entered) = max(entered)
),

reached as (
    select dimension_value, entity_type, pipeline, to_stage as stage, sum(reached) as reached
    from of_one_list
    where to_stage not in ('won', 'converted')
    group by all
)

select
    dimension,
    dimension_value,
    entity_type,
    pipeline,
    from_stage as stage,
    to_stage,
    cohort_month,
    entered,
    reached + lost + still_open + removed as accounted_for
from counts
where entered <> reached + lost + still_open + removed
    or entered_touched > entered
    or touched > reached
union all
select
    'source_name' as dimension,
    reached.dimension_value,
    reached.entity_type,
    reached.pipeline,
    reached.stage,
    null as to_stage,
    null as cohort_month,
    entered.entered,
    reached.reached as accounted_for
from reached
left join entered using (dimension_value, entity_type, pipeline, stage)
where reached.reached <> coalesce(entered.entered, 0)
