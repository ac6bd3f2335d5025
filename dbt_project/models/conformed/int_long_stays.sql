-- What became of closed deals that stayed in a stage for so many days or longer, where there are
-- enough of them to tell.
with stays as (
    select
        visits.source_name,
        visits.pipeline,
        visits.stage,
        visits.deal_key,
        deals.is_won,
        max(visits.days) as days
    from {{ ref('int_deal_visits') }} as visits
    inner join {{ ref('fct_deals') }} as deals on visits.deal_key = deals.deal_key
    where visits.left_on is not null and (deals.is_won or deals.is_lost)
    group by all
),

counted as (
    select
        source_name,
        pipeline,
        stage,
        days,
        count(*) as deals,
        count(*) filter (where is_won) as won
    from stays
    group by all
)

select
    source_name,
    pipeline,
    stage,
    days,
    (sum(deals) over longer)::bigint as deals,
    (sum(won) over longer)::bigint as won
from counted
window longer as (
    partition by source_name, pipeline, stage order by days desc rows unbounded preceding
)
qualify sum(deals) over longer >= {{ setting('alert_evidence_deals') }}
