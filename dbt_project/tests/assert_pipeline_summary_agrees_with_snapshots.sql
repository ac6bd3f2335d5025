-- A returned row is a day, pipeline and stage whose row of `all` in the summary is not what the
-- daily pipeline counts and sums to.
with snapshots as (
    select
        snapshot_date,
        pipeline,
        stage,
        count(*) as deals,
        coalesce(sum(amount_reporting), 0) as amount_reporting,
        coalesce(sum(weighted_amount_reporting), 0) as weighted_amount_reporting
    from {{ ref('fct_pipeline_daily') }}
    group by all
),

summary as (
    select * from {{ ref('mart_pipeline_summary') }}
    where dimension = 'all'
)

select
    snapshot_date,
    pipeline,
    stage,
    snapshots.deals as deals_in_snapshots,
    summary.deals as deals_in_summary,
    snapshots.amount_reporting as amount_in_snapshots,
    summary.amount_reporting as amount_in_summary
from snapshots
full join summary using (snapshot_date, pipeline, stage)
where snapshots.deals is distinct from summary.deals
    or snapshots.amount_reporting is distinct from summary.amount_reporting
    or snapshots.weighted_amount_reporting is distinct from summary.weighted_amount_reporting
