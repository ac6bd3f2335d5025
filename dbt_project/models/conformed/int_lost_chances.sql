-- Lost deals of a profile that wins: the closed deals of the same pipeline and lead source were won
-- more often than those of the whole pipeline, by the lower end of the 95 % interval.
--
-- Lost in the last year, and not taken up again: no deal of the same account is open or was won
-- since.
with closed as (
    select
        deal_key, source_name, pipeline, lead_source, account_key, is_won, is_lost, closed_on, closed_at
    from {{ ref('fct_deals') }}
    where (is_won or is_lost) and closed_on is not null
),

profiles as (
    select
        source_name,
        pipeline,
        lead_source,
        count(*) as closed_deals,
        count(*) filter (where is_won) as won_deals
    from closed
    where lead_source is not null
    group by all
),

winning as (
    select
        profiles.*,
        {{ ratio('profiles.won_deals', 'profiles.closed_deals') }} as win_rate,
        {{ wilson_low('profiles.won_deals', 'profiles.closed_deals') }} as win_rate_low,
        habits.win_rate as pipeline_win_rate,
        habits.closed_deals as pipeline_closed_deals
    from profiles
    inner join {{ ref('int_won_habits') }} as habits
        on profiles.source_name = habits.source_name and profiles.pipeline = habits.pipeline
    where profiles.closed_deals >= {{ setting('alert_evidence_deals') }}
        and win_rate_low > habits.win_rate
),

accounts as (
    select
        account_key,
        bool_or(stage_category = 'open' and not is_deleted) as has_open_deal,
        max(case when is_won then closed_at end) as last_won_at
    from {{ ref('fct_deals') }}
    where account_key is not null
    group by all
)

select
    closed.deal_key,
    closed.closed_on,
    winning.lead_source,
    winning.closed_deals,
    winning.won_deals,
    winning.win_rate,
    winning.win_rate_low,
    winning.pipeline_win_rate,
    winning.pipeline_closed_deals
from closed
inner join winning
    on closed.source_name = winning.source_name
    and closed.pipeline = winning.pipeline
    and closed.lead_source = winning.lead_source
left join accounts on closed.account_key = accounts.account_key
where closed.is_lost
    and closed.closed_on > {{ setting('as_of') }} - 365
    and not coalesce(accounts.has_open_deal or accounts.last_won_at > closed.closed_at, false)
