-- A returned row is a deal with fewer (or more) days in the daily pipeline than days on which it
-- was open up to `as_of`. What is known of later days is there where an older day is reported again.
with open_days as (
    select
        deal_key,
        sum(
            least(coalesce(valid_to - 1, {{ setting('as_of') }}), {{ setting('as_of') }})
            - valid_from + 1
        ) as days
    from {{ ref('int_deal_days') }}
    where valid_from <= {{ setting('as_of') }}
    group by deal_key
),

snapshots as (
    select deal_key, count(*) as days
    from {{ ref('fct_pipeline_daily') }}
    group by deal_key
)

select
    deal_key,
    open_days.days as open_days,
    snapshots.days as snapshot_days
from open_days
full join snapshots using (deal_key)
where open_days.days is distinct from snapshots.days
