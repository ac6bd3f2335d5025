{{ config(severity='warn') }}
-- A returned row is a deal and currency with an amount that could not be valued in the reporting
-- currency, with the first of the days on which that is so.
with unvalued as (
    select deal_key, currency, snapshot_date as valued_on
    from {{ ref('fct_pipeline_daily') }}
    where amount is not null and amount_reporting is null
    union all
    select deal_key, currency, coalesce(closed_on, {{ setting('as_of') }}) as valued_on
    from {{ ref('fct_deals') }}
    where amount is not null and amount_reporting is null
)

select
    deal_key,
    coalesce(currency, 'no currency') as currency,
    min(valued_on) as first_day,
    count(distinct valued_on) as days
from unvalued
group by all
