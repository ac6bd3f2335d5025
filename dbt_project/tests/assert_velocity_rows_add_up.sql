-- A returned row is a stage, or a month, in which the rows of a dimension do not sum to the row of
-- `all`; or a stage that holds other leads or deals than the flow leaves in it.
with measured as (
    select
        'mart_stage_velocity' as table_name, null as month_start,
        entity_type, pipeline, stage, dimension,
        sum(visits) as visits, sum(open_deals) as open_deals
    from {{ ref('mart_stage_velocity') }}
    group by all
    union all
    select
        'mart_sales_velocity' as table_name, month_start,
        null as entity_type, null as pipeline, null as stage, dimension,
        0 as visits, sum(open_deals) as open_deals
    from {{ ref('mart_sales_velocity') }}
    group by all
),

flow as (
    select entity_type, pipeline, stage, closing
    from {{ ref('mart_stage_flow') }}
    where month_start = date_trunc('month', {{ setting('as_of') }})
)

select table_name, month_start, entity_type, pipeline, stage
from measured
group by all
having count(*) <> 7
    or min(visits) <> max(visits)
    or min(open_deals) <> max(open_deals)
union all
select 'mart_stage_flow' as table_name, null as month_start, entity_type, pipeline, stage
from flow
left join measured using (entity_type, pipeline, stage)
where coalesce(measured.dimension, 'all') = 'all'
    and flow.closing <> coalesce(measured.open_deals, 0)
