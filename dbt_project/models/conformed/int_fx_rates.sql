-- Units of the reporting currency for one unit of each used currency, on every calendar day.
--
-- Rates delivered with the exports come before the bundled reference rates of the European
-- Central Bank. A rate serves until its successor, for at most seven days.
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
    select rate_date, base, currency, rate, 'delivered' as rate_source
    from {{ ref('stg_files__fx_rates') }}
    where quarantine is null and not is_absent
    -- The same pair and day delivered again, or by another source: the newest load holds.
    qualify row_number() over (
        partition by rate_date, base, currency order by load_id desc, ordinal desc
    ) = 1
    union all
    select rate_date, 'EUR' as base, currency, rate, 'ecb' as rate_source
    from {{ source('reference', 'ecb_rates') }}
),

-- The base is itself quoted, at one.
legs as (
    select rate_source, base, rate_date, currency, rate from quoted
    union
    select rate_source, base, rate_date, base as currency, 1.0 as rate from quoted
),

crossed as (
    select
        currency_leg.rate_source,
        currency_leg.rate_date,
        currency_leg.currency,
        min_by(reporting_leg.rate / currency_leg.rate, currency_leg.base) as rate
    from legs as currency_leg
    inner join legs as reporting_leg
        on currency_leg.rate_source = reporting_leg.rate_source
        and currency_leg.base = reporting_leg.base
        and currency_leg.rate_date = reporting_leg.rate_date
        and reporting_leg.currency = {{ setting('reporting_currency') }}
    inner join currencies on currency_leg.currency = currencies.currency
    group by all
),

days as (
    select unnest(generate_series(
        least(
            (select min({{ business_day('happened_at') }}) from {{ ref('int_stage_events') }}),
            (select min(period_start) from {{ ref('stg_files__targets') }} where quarantine is null),
            {{ setting('as_of') }}
        )::timestamp,
        {{ setting('as_of') }}::timestamp,
        interval 1 day
    ))::date as rate_date
),

wanted as (
    select days.rate_date, currencies.currency, sources.rate_source
    from days
    cross join currencies
    cross join (values ('delivered'), ('ecb')) as sources (rate_source)
),

held as (
    select
        wanted.rate_date, wanted.currency, wanted.rate_source,
        crossed.rate, crossed.rate_date as quoted_on
    from wanted
    asof inner join crossed
        on wanted.currency = crossed.currency
        and wanted.rate_source = crossed.rate_source
        and wanted.rate_date >= crossed.rate_date
    where wanted.rate_date - crossed.rate_date <= 7
)

select
    rate_date,
    currency,
    {{ significant('rate') }} as rate_to_reporting,
    rate_source,
    quoted_on
from held
qualify row_number() over (
    partition by rate_date, currency order by rate_source = 'ecb'
) = 1
union all
select
    rate_date,
    {{ setting('reporting_currency') }} as currency,
    1.0::double as rate_to_reporting,
    'reporting currency' as rate_source,
    rate_date as quoted_on
from days
