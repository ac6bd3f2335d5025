-- A returned row is a day, source, pipeline and stage for which the daily pipeline shows another
-- number of open deals than the transitions up to the end of that day leave there.
with last_of_day as (
    select
        *,
        last_value(
            case
                when transition_type in ('deleted', 'merged') then true
                when transition_type = 'restored' then false
            end ignore nulls
        ) over (
            partition by entity_key order by entity_sequence rows unbounded preceding
        ) as is_removed
    from {{ ref('fct_stage_transitions') }}
    where entity_type = 'deal'
    qualify row_number() over (
        partition by entity_key, transitioned_on order by entity_sequence desc
    ) = 1
),

at_day_end as (
    select
        *,
        to_category = 'open' and not coalesce(is_removed, false) as is_open,
        lead(transitioned_on) over (partition by entity_key order by entity_sequence) as next_on
    from last_of_day
),

-- Every deal comes into its stage on the day and leaves it on the day of the next change.
movements as (
    select transitioned_on as day, source_name, pipeline, to_stage as stage, 1 as deals
    from at_day_end
    where is_open
    union all
    select next_on as day, source_name, pipeline, to_stage as stage, -1 as deals
    from at_day_end
    where is_open and next_on is not null
),

net as (
    select day, source_name, pipeline, stage, sum(deals) as deals
    from movements
    group by all
),

standing as (
    select
        source_name,
        pipeline,
        stage,
        day as first_day,
        coalesce(lead(day) over along - 1, {{ setting('as_of') }}) as last_day,
        sum(deals) over along as deals
    from net
    window along as (partition by source_name, pipeline, stage order by day)
),

expected as (
    select
        (first_day + unnest(range((last_day - first_day + 1)::integer))::integer)::date
            as snapshot_date,
        source_name,
        pipeline,
        stage,
        deals
    from standing
    where deals <> 0 and first_day <= last_day
),

observed as (
    select snapshot_date, source_name, pipeline, stage, count(*) as deals
    from {{ ref('fct_pipeline_daily') }}
    group by all
)

select
    snapshot_date,
    source_name,
    pipeline,
    stage,
    expected.deals as deals_by_transitions,
    observed.deals as deals_in_snapshot
from expected
full join observed using (snapshot_date, source_name, pipeline, stage)
where expected.deals is distinct from observed.deals
