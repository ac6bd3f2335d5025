-- Since when each open deal has been overdue, put off too often or cut too far: the first day of
-- the present unbroken run of days at whose end it was open and so.
with spans as (
    select
        days.*,
        coalesce(days.valid_to - 1, {{ setting('as_of') }}) as last_day,
        max(case when days.amount > 0 then days.amount end) over (
            partition by days.deal_key, days.currency order by days.valid_from
            rows unbounded preceding
        ) as highest_amount,
        habits.push_count as push_limit,
        habits.shrunk_rate as shrunk_limit
    from {{ ref('int_deal_days') }} as days
    inner join {{ ref('fct_deals') }} as deals on days.deal_key = deals.deal_key
    inner join {{ ref('int_won_habits') }} as habits
        on deals.source_name = habits.source_name and deals.pipeline = habits.pipeline
    where deals.stage_category = 'open' and not deals.is_deleted
),

-- Within a span, what is so once is so to its end.
signs as (
    select
        deal_key,
        valid_from,
        valid_to,
        case
            when expected_close_date < last_day then greatest(valid_from, expected_close_date + 1)
        end as overdue_from,
        case when push_count > push_limit then valid_from end as pushed_from,
        case
            when {{ ratio('(highest_amount - amount)', 'highest_amount') }} > shrunk_limit
                then valid_from
        end as shrunk_from
    from spans
),

{%- set signs = ['overdue', 'pushed', 'shrunk'] %}

compared as (
    select
        *,
        lag(valid_to) over past is not distinct from valid_from as goes_on
        {%- for sign in signs %},
        lag({{ sign }}_from) over past is not null as was_{{ sign }}
        {%- endfor %}
    from signs
    window past as (partition by deal_key order by valid_from)
)

select
    deal_key
    {%- for sign in signs %},
    max(case
        when {{ sign }}_from > valid_from or not (goes_on and was_{{ sign }}) then {{ sign }}_from
    end) as {{ sign }}_since
    {%- endfor %}
from compared
group by all
