-- A returned row is a month and stage at whose end the flow leaves other deals in the stage than
-- the daily pipeline holds on that day (on `as_of`, in the current month).
with month_ends as (
    select month_start, max(date_day) as month_end
    from {{ ref('dim_date') }}
    where date_day <= {{ setting('as_of') }}
    group by all
),

standing as (
    select month_ends.month_start, daily.pipeline, daily.stage, count(*) as deals
    from {{ ref('fct_pipeline_daily') }} as daily
    inner join month_ends on daily.snapshot_date = month_ends.month_end
    group by all
),

flow as (
    select month_start, pipeline, stage, closing
    from {{ ref('mart_stage_flow') }}
    where entity_type = 'deal'
)

select
    coalesce(flow.month_start, standing.month_start) as month_start,
    coalesce(flow.pipeline, standing.pipeline) as pipeline,
    coalesce(flow.stage, standing.stage) as stage,
    flow.closing,
    standing.deals
from flow
full join standing
    on flow.month_start = standing.month_start
    and flow.pipeline = standing.pipeline
    and flow.stage = standing.stage
where coalesce(flow.closing, 0) <> coalesce(standing.deals, 0)
