with open_deals as (
    select
        deals.deal_key,
        deals.source_name,
        deals.pipeline,
        deals.stage,
        deals.expected_close_date,
        visits.entered_on,
        visits.days as days_in_stage,
        signs.push_count,
        signs.highest_amount,
        signs.last_amount,
        signs.currency,
        signs.shrunk_rate,
        signs.stages_skipped,
        signs.skipped_on,
        stages.win_rate as stage_win_rate,
        limits.days as stall_limit,
        limits.is_learned as is_stall_learned,
        limits.visits as visits_moved_on,
        visits.entered_on + limits.days + 1 as stalled_since,
        coalesce(since.overdue_since, deals.expected_close_date + 1) as overdue_since,
        since.pushed_since,
        since.shrunk_since,
        habits.push_count as push_limit,
        habits.shrunk_rate as shrunk_limit,
        habits.stages_skipped as skipped_limit,
        habits.is_learned,
        habits.is_shrunk_rate_learned,
        habits.won_deals,
        habits.won_with_amount,
        habits.closed_deals,
        habits.win_rate
    from {{ ref('fct_deals') }} as deals
    inner join {{ ref('int_deal_signs') }} as signs on deals.deal_key = signs.deal_key
    inner join {{ ref('int_won_habits') }} as habits
        on deals.source_name = habits.source_name and deals.pipeline = habits.pipeline
    -- A deal without any date has no visits and no days.
    left join {{ ref('int_deal_visits') }} as visits
        on deals.deal_key = visits.deal_key and visits.left_on is null
    left join {{ ref('int_alert_days') }} as since on deals.deal_key = since.deal_key
    left join {{ ref('int_stall_limits') }} as limits
        on deals.source_name = limits.source_name
        and deals.pipeline = limits.pipeline
        and deals.stage = limits.stage
    left join {{ ref('int_stage_list') }} as stages
        on deals.source_name = stages.source_name
        and stages.entity_type = 'deal'
        and deals.pipeline = stages.pipeline
        and deals.stage = stages.stage
    where deals.stage_category = 'open' and not deals.is_deleted
),

stalled as (
    select * from open_deals
    where days_in_stage > stall_limit
),

-- What became of deals that stayed as long. Of durations with enough of them, the longest that is
-- no longer than the deal's own.
judged as (
    select
        stalled.*,
        coalesce(stays.days > stalled.stall_limit, false) as is_chance_learned,
        stays.days as stay_days,
        stays.deals as stayed_deals,
        stays.won as stayed_won,
        case
            when is_chance_learned then {{ ratio('stays.won', 'stays.deals') }}
            else stalled.stage_win_rate::double
        end as chance,
        case
            when is_chance_learned then {{ significant('stalled.win_rate / 2') }}
            else {{ setting('alert_disqualify_win_rate') }}::double
        end as low_chance
    from stalled
    asof left join {{ ref('int_long_stays') }} as stays
        on stalled.source_name = stays.source_name
        and stalled.pipeline = stays.pipeline
        and stalled.stage = stays.stage
        and stalled.days_in_stage >= stays.days
),

alerts as (
    select
        deal_key,
        'stalled' as alert,
        stalled_since as since_date,
        days_in_stage::double as value,
        stall_limit::double as threshold,
        is_stall_learned as is_learned,
        visits_moved_on as evidence_count,
        case when days_in_stage > 2 * stall_limit then 'high' else 'medium' end as severity,
        'In ' || stage || ' for ' || {{ counted('days_in_stage', 'day') }} || ', since ' || entered_on
        || case
            when is_stall_learned
                then '; nine in ten of the ' || visits_moved_on
                    || ' visits that moved on from there had done so within '
                    || {{ counted('stall_limit', 'day') }} || '.'
            else '; the configured limit is ' || {{ counted('stall_limit', 'day') }}
                || ', as too few visits (' || visits_moved_on || ') have moved on to learn from.'
        end as explanation
    from stalled
    union all
    select
        deal_key,
        'overdue' as alert,
        overdue_since as since_date,
        ({{ setting('as_of') }} - expected_close_date)::double as value,
        0::double as threshold,
        false as is_learned,
        0 as evidence_count,
        case
            when {{ setting('as_of') }} - expected_close_date > 30 then 'high' else 'medium'
        end as severity,
        'Overdue since ' || overdue_since || ': still open in ' || stage || ', '
        || {{ counted('(' ~ setting('as_of') ~ ' - expected_close_date)', 'day') }}
        || ' after its expected close date, ' || expected_close_date || '.' as explanation
    from open_deals
    where expected_close_date < {{ setting('as_of') }}
    union all
    select
        deal_key,
        'pushed' as alert,
        pushed_since as since_date,
        push_count::double as value,
        push_limit::double as threshold,
        is_learned,
        won_deals as evidence_count,
        case when push_count > 2 * push_limit then 'high' else 'medium' end as severity,
        'Expected close date put off ' || {{ counted('push_count', 'time') }}
        || ', too often since ' || pushed_since
        || case
            when is_learned
                then '; nine in ten of the ' || won_deals || ' won deals of ' || pipeline
                    || ' were put off at most ' || {{ counted('push_limit', 'time') }}
                    || ' before they were won.'
            else '; the configured limit is ' || {{ counted('push_limit', 'time') }}
                || ', as too few deals of ' || pipeline || ' (' || won_deals
                || ') were won to learn from.'
        end as explanation
    from open_deals
    where push_count > push_limit and pushed_since is not null
    union all
    select
        deal_key,
        'shrunk' as alert,
        shrunk_since as since_date,
        shrunk_rate as value,
        shrunk_limit as threshold,
        is_shrunk_rate_learned as is_learned,
        won_with_amount as evidence_count,
        case when shrunk_rate > 2 * shrunk_limit then 'high' else 'medium' end as severity,
        'Down ' || {{ percent('shrunk_rate') }} || ' from its highest amount, from '
        || format('{:,.2f}', highest_amount) || ' to ' || format('{:,.2f}', last_amount)
        || coalesce(' ' || currency, '') || ', and too far since ' || shrunk_since
        || case
            when is_shrunk_rate_learned
                then '; nine in ten of the ' || won_with_amount || ' won deals of ' || pipeline
                    || ' were down at most ' || {{ percent('shrunk_limit') }}
                    || ' before they were won.'
            else '; the configured limit is ' || {{ percent('shrunk_limit') }}
                || ', as too few deals of ' || pipeline || ' (' || won_with_amount
                || ') were won to learn from.'
        end as explanation
    from open_deals
    where shrunk_rate > shrunk_limit and shrunk_since is not null
    union all
    select
        deal_key,
        'skipped_stage' as alert,
        skipped_on as since_date,
        stages_skipped::double as value,
        skipped_limit::double as threshold,
        is_learned,
        won_deals as evidence_count,
        'low' as severity,
        'Jumped over ' || {{ counted('stages_skipped', 'stage') }} || ' on its way to ' || stage
        || ', last on ' || skipped_on
        || case
            when is_learned
                then '; nine in ten of the ' || won_deals || ' won deals of ' || pipeline
                    || ' jumped over at most ' || {{ counted('skipped_limit', 'stage') }}
                    || ' before they were won.'
            else '; the configured limit is ' || {{ counted('skipped_limit', 'stage') }}
                || ', as too few deals of ' || pipeline || ' (' || won_deals
                || ') were won to learn from.'
        end as explanation
    from open_deals
    where stages_skipped > skipped_limit
    union all
    select
        deal_key,
        'disqualify' as alert,
        stalled_since as since_date,
        chance as value,
        low_chance as threshold,
        is_chance_learned as is_learned,
        coalesce(stayed_deals, 0) as evidence_count,
        case when chance <= low_chance / 2 then 'high' else 'medium' end as severity,
        'Stalled in ' || stage || ' since ' || stalled_since || ', after '
        || {{ counted('days_in_stage', 'day') }}
        || case
            when is_chance_learned
                then '; of the ' || stayed_deals || ' closed deals that stayed there for '
                    || {{ counted('stay_days', 'day') }} || ' or longer ' || stayed_won || ' ('
                    || {{ percent('chance') }} || ') were won, less than half as many as the '
                    || {{ percent('win_rate') }} || ' of all ' || closed_deals
                    || ' closed deals of ' || pipeline || '.'
            else '; its configured win rate there is ' || {{ percent('chance') }}
                || ', below the configured limit of ' || {{ percent('low_chance') }}
                || ', as too few closed deals stayed there as long to learn from.'
        end as explanation
    from judged
    where chance < low_chance
    union all
    select
        chances.deal_key,
        'revive' as alert,
        chances.closed_on as since_date,
        chances.win_rate as value,
        chances.pipeline_win_rate as threshold,
        true as is_learned,
        chances.closed_deals as evidence_count,
        'low' as severity,
        'Lost on ' || chances.closed_on || '; of the ' || chances.closed_deals
        || ' closed deals of ' || deals.pipeline || ' from lead source ' || chances.lead_source
        || ' ' || chances.won_deals || ' were won (' || {{ percent('chances.win_rate') }}
        || ', with 95 % confidence at least ' || {{ percent('chances.win_rate_low') }}
        || '), against ' || {{ percent('chances.pipeline_win_rate') }} || ' of all '
        || chances.pipeline_closed_deals || '.' as explanation
    from {{ ref('int_lost_chances') }} as chances
    inner join {{ ref('fct_deals') }} as deals on chances.deal_key = deals.deal_key
)

select
    {{ setting('as_of') }} as as_of,
    alerts.deal_key,
    alerts.alert,
    alerts.severity,
    alerts.since_date,
    alerts.value,
    alerts.threshold,
    alerts.explanation,
    alerts.is_learned,
    alerts.evidence_count::bigint as evidence_count,
    deals.source_name,
    deals.pipeline,
    deals.stage,
    deals.owner_key,
    deals.amount_reporting
from alerts
inner join {{ ref('fct_deals') }} as deals on alerts.deal_key = deals.deal_key
order by alerts.deal_key, alerts.alert
