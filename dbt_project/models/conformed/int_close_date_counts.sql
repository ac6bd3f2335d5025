{{ keep_by_period() }}
{% set from_day = first_day_of_periods() %}

-- What became of deals that were due, counted by period and combination of dimension values.
--
-- From one moment of a deal to the next; what holds at the end of a day is the last one of it.
with spans as (
    select
        deal_key,
        place_key,
        status,
        expected_close_date,
        happened_at,
        happened_on as held_from,
        lead(happened_on) over (partition by deal_key order by happened_at) as held_to
    from {{ moments_of_periods(from_day) }} as moments
),

dated as (
    select
        spans.*,
        periods.period,
        periods.period_start,
        periods.period_end,
        periods.judged_on
    from spans
    inner join {{ ref('int_periods') }} as periods on spans.expected_close_date = periods.date_day
    where spans.status = 'open' and {{ periods_from(from_day, 'periods') }}
),

due as (
    select * from dated
    where held_from < period_start and coalesce(held_to >= period_start, true)
),

judged as (
    select
        due.period,
        due.period_start,
        due.period_end,
        due.place_key,
        case
            when later.status <> 'open' then later.status
            when later.expected_close_date between due.period_start and due.period_end
                then 'still_due'
            when later.expected_close_date < due.period_start then 'pulled_in'
            -- Later, or without a date any more.
            else 'pushed_out'
        end as outcome
    from due
    inner join spans as later
        on due.deal_key = later.deal_key
        and due.judged_on >= later.held_from
        and due.judged_on < coalesce(later.held_to, date '9999-12-31')
),

entered as (
    select
        dated.period,
        dated.period_start,
        dated.period_end,
        min_by(dated.place_key, dated.happened_at) as place_key
    from dated
    where dated.held_from between dated.period_start and dated.judged_on
        and not exists (
            select 1 from due
            where due.deal_key = dated.deal_key
                and due.period = dated.period
                and due.period_start = dated.period_start
        )
    group by dated.deal_key, dated.period, dated.period_start, dated.period_end
),

-- Still open where a period begins after the date that was expected.
overdue as (
    select
        spans.place_key,
        first_days.period,
        unnest(range(first_days.period_number + 1, last_days.period_number + 1)) as period_number
    from spans
    inner join {{ ref('int_periods') }} as first_days
        on greatest(spans.held_from, spans.expected_close_date) = first_days.date_day
    inner join {{ ref('int_periods') }} as last_days
        on coalesce(spans.held_to, {{ setting('as_of') }}) = last_days.date_day
        and first_days.period = last_days.period
    where spans.status = 'open'
        and spans.expected_close_date < coalesce(spans.held_to, {{ setting('as_of') }})
)

select
    period,
    period_start,
    period_end,
    place_key,
    count(*) as due,
    {% for outcome in ['lost', 'won', 'removed', 'pushed_out', 'pulled_in', 'still_due'] -%}
    count(*) filter (where outcome = '{{ outcome }}') as {{ outcome }}
    {{- "," if not loop.last }}
    {% endfor %}
from judged
group by all
union all by name
select period, period_start, period_end, place_key, count(*) as entered_due
from entered
group by all
union all by name
select
    periods.period, periods.period_start, periods.period_end, overdue.place_key,
    count(*) as overdue_at_start
from overdue
inner join {{ ref('int_periods') }} as periods
    on overdue.period = periods.period
    and overdue.period_number = periods.period_number
    and periods.is_first_day
where {{ periods_from(from_day, 'periods') }}
group by all
