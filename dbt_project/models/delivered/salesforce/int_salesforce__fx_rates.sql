-- Dated rates where the org has them, else the rates of today from the day on which they were set;
-- units of the currency for one of the corporate currency.
with currencies as (
    select * from {{ ref('stg_salesforce__currency_types') }}
    where quarantine is null
),

corporate as (
    select source_name, arg_max(currency, load_id) as base
    from currencies
    where is_corporate
    group by all
),

rates as (
    select
        source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
        rate_date, currency, rate
    from {{ ref('stg_salesforce__conversion_rates') }}
    where quarantine is null and not is_absent
    union all
    select
        source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at, is_absent,
        coalesce(updated_at, extracted_at)::date as rate_date, currency, rate
    from currencies
    where not is_corporate and not is_absent and source_name not in (
        select source_name from {{ ref('stg_salesforce__conversion_rates') }}
    )
)

select
    rates.*,
    corporate.base,
    'crm' as rate_source,
    true as holds_until_next
from rates
inner join corporate on rates.source_name = corporate.source_name
where rates.currency <> corporate.base
