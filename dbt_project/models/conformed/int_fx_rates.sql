-- Units of the reporting currency for one unit of each used currency, on every calendar day.
--
-- A CRM's own rates come before those delivered with the exports, and these before the bundled
-- reference rates of the European Central Bank. A rate serves until its successor, for at most seven
-- days; a CRM's dated rate without that limit.
with used as (
    select currency from {{ ref('int_deal_versions') }}
    union
    select currency from {{ ref('int_history_rows') }}
    union
    select currency from {{ ref('stg_files__targets') }} where quarantine is null
),

currencies as (
    select currency from used
    where currency is not null and currency <> {{ setting('reporting_currency') }}
),

quoted as (
    select rate_source, rate_date, base, currency, rate, holds_until_next
    from {{ ref('int_delivered_fx_rates') }}
    where not is_absent
    -- The same pair and day delivered again, or by another source: the newest load holds.
    qualify row_number() over (
        partition by rate_source, rate_date, base, currency order by load_id desc, ordinal desc
    ) = 1
    union all by name
    select
        rate_date, 'EUR' as base, currency, rate, 'ecb' as rate_source, false as holds_until_next
    from {{ source('reference', 'ecb_rates') }}
),

-- Rates that hold until their successors meet on every day on which one of their base is quoted.
held_quotes as (
    select days.rate_source, days.base, days.rate_date, days.currency, quoted.rate
    from (
        select quotations.rate_source, quotations.base, quotations.rate_date, currencies.currency
        from (
            select distinct rate_source, base, rate_date from quoted where holds_until_next
        ) as quotations
        inner join (
            select distinct rate_source, base, currency from quoted where holds_until_next
        ) as currencies using (rate_source, base)
    ) as days
    asof inner join (select * from quoted where holds_until_next) as quoted
        on days.rate_source = quoted.rate_source
        and days.base = quoted.base
        and days.currency = quoted.currency
        and days.rate_date >= quoted.rate_date
),

quotes as (
    select rate_source, base, rate_date, currency, rate, holds_until_next
    from quoted
    where not holds_until_next
    union all
    select rate_source, base, rate_date, currency, rate, true as holds_until_next
    from held_quotes
),

-- The base is itself quoted, at one.
legs as (
    select rate_source, base, rate_date, currency, rate, holds_until_next from quotes
    union
    select rate_source, base, rate_date, base as currency, 1.0 as rate, holds_until_next
    from quotes
),

crossed as (
    select
        currency_leg.rate_source,
        currency_leg.rate_date,
        currency_leg.currency,
        min_by(reporting_leg.rate / currency_leg.rate, currency_leg.base) as rate,
        bool_or(currency_leg.holds_until_next) as holds_until_next
    from legs as currency_leg
    inner join legs as reporting_leg
        on currency_leg.rate_source = reporting_leg.rate_source
        and currency_leg.base = reporting_leg.base
        and currency_leg.rate_date = reporting_leg.rate_date
        and currency_leg.holds_until_next = reporting_leg.holds_until_next
        and reporting_leg.currency = {{ setting('reporting_currency') }}
    inner join currencies on currency_leg.currency = currencies.currency
    group by all
),

-- Nothing happens before the first of the instants that are told.
told as (
    select min(entered_at) as happened_at from {{ ref('int_history_rows') }}
    union all
    select min(coalesce(least(created_at, closed_at), observed_at)) from {{ ref('int_deal_versions') }}
    union all
    select min(coalesce(least(created_at, converted_at), observed_at)) from {{ ref('int_lead_versions') }}
),

days as (
    select unnest(generate_series(
        least(
            (select min({{ business_day('happened_at') }}) from told),
            (select min(period_start) from {{ ref('stg_files__targets') }} where quarantine is null),
            {{ setting('as_of') }}
        )::timestamp,
        {{ setting('as_of') }}::timestamp,
        interval 1 day
    ))::date as rate_date
),

wanted as (
    select days.rate_date, currencies.currency, sources.rate_source, sources.rank
    from days
    cross join currencies
    cross join (values ('crm', 1), ('delivered', 2), ('ecb', 3)) as sources (rate_source, rank)
),

held as (
    select
        wanted.rate_date, wanted.currency, wanted.rate_source, wanted.rank,
        crossed.rate, crossed.rate_date as quoted_on
    from wanted
    asof inner join crossed
        on wanted.currency = crossed.currency
        and wanted.rate_source = crossed.rate_source
        and wanted.rate_date >= crossed.rate_date
    where wanted.rate_date - crossed.rate_date <= 7
        or crossed.holds_until_next
)

select
    rate_date,
    currency,
    {{ significant('rate') }} as rate_to_reporting,
    rate_source,
    quoted_on
from held
qualify row_number() over (
    partition by rate_date, currency order by rank
) = 1
union all
select
    rate_date,
    {{ setting('reporting_currency') }} as currency,
    1.0::double as rate_to_reporting,
    'reporting currency' as rate_source,
    rate_date as quoted_on
from days
