{{ keep_by_period() }}
{% set from_day = first_day_of_periods() %}

-- What stood in the pipeline from one change of place, worth or status to the next, cut where a
-- week, month or quarter ends: what it was worth when the period began or the deal came into it,
-- and when the period ended or the deal left it. Between the two only rates change.
--
-- What comes and goes within one day has no holding.
with changes as (
    select *
    from {{ moments_of_periods(from_day) }}
    where is_moved or is_revalued or crossings is not null
),

spans as (
    select
        deal_key,
        place_key,
        amount,
        currency,
        status,
        happened_on as held_from,
        lead(happened_on) over (partition by deal_key order by happened_at) as held_to
    from changes
),

held as (
    select * from spans
    where status = 'open' and held_from is distinct from held_to
),

-- One row a kind of period, with the periods that the span touches.
touching as (
    select
        held.*,
        first_days.period,
        unnest(range(first_days.period_number, last_days.period_number + 1)) as period_number
    from held
    inner join {{ ref('int_periods') }} as first_days on held.held_from = first_days.date_day
    inner join {{ ref('int_periods') }} as last_days
        on coalesce(held.held_to, {{ setting('as_of') }}) = last_days.date_day
        and first_days.period = last_days.period
),

cut as (
    select
        touching.*,
        periods.period_start,
        periods.period_end,
        touching.held_from < periods.period_start as is_opening,
        coalesce(touching.held_to > periods.judged_on, true) as is_closing,
        greatest(touching.held_from, periods.period_start - 1) as valued_from,
        least(coalesce(touching.held_to, periods.judged_on), periods.judged_on) as valued_to
    from touching
    inner join {{ ref('int_periods') }} as periods
        on touching.period = periods.period
        and touching.period_number = periods.period_number
        and periods.is_first_day
        and {{ periods_from(from_day, 'periods') }}
)

select
    cut.deal_key,
    cut.period,
    cut.period_start,
    cut.period_end,
    cut.place_key,
    cut.is_opening,
    cut.is_closing,
    coalesce({{ to_reporting('cut.amount', 'rates_from.rate_to_reporting') }}, 0)
        as value_from_reporting,
    coalesce({{ to_reporting('cut.amount', 'rates_to.rate_to_reporting') }}, 0)
        as value_to_reporting
from cut
left join {{ ref('fct_fx_rates') }} as rates_from
    on cut.currency = rates_from.currency
    and cut.valued_from = rates_from.rate_date
left join {{ ref('fct_fx_rates') }} as rates_to
    on cut.currency = rates_to.currency
    and cut.valued_to = rates_to.rate_date
