-- A returned row is an open deal whose alerts are not what its last snapshot says: its age in the
-- stage, its pushes, its expected close date; or an alert of a deal that is not open (`revive`: not
-- lost).
with alerts as (
    select
        deal_key,
        max(case when alert = 'stalled' then value end) as stalled_days,
        max(case when alert = 'overdue' then value end) as overdue_days,
        max(case when alert = 'pushed' then value end) as pushes,
        bool_or(alert <> 'revive') as needs_an_open_deal,
        bool_or(alert = 'revive') as needs_a_lost_deal
    from {{ ref('mart_deal_alerts') }}
    group by all
)

select
    deals.deal_key,
    deals.stage_category,
    alerts.stalled_days,
    daily.days_in_stage,
    alerts.overdue_days,
    deals.expected_close_date,
    alerts.pushes,
    daily.push_count
from {{ ref('fct_deals') }} as deals
left join alerts on deals.deal_key = alerts.deal_key
left join {{ ref('fct_pipeline_daily') }} as daily
    on deals.deal_key = daily.deal_key and daily.snapshot_date = {{ setting('as_of') }}
where alerts.stalled_days <> coalesce(daily.days_in_stage, -1)
    or alerts.pushes <> coalesce(daily.push_count, -1)
    or (
        deals.stage_category = 'open' and not deals.is_deleted
        and alerts.overdue_days is distinct from case
            when deals.expected_close_date < {{ setting('as_of') }}
                then {{ setting('as_of') }} - deals.expected_close_date
        end
    )
    or (alerts.needs_an_open_deal and (deals.stage_category <> 'open' or deals.is_deleted))
    or (alerts.needs_a_lost_deal and not deals.is_lost)
