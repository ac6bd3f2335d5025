-- Units of a currency for one of the home currency, since the rate was set. Zoho keeps none that was
-- replaced, so the past is what earlier nights were told.
with currencies as (
    select * from {{ ref('stg_zoho__currencies') }}
    where quarantine is null and not is_absent
),

home as (
    select source_name, arg_max(currency, (load_id, ordinal)) as base
    from currencies
    where is_base
    group by all
)

select
    currencies.source_name,
    currencies.load_id,
    currencies.ordinal,
    currencies.known_at,
    currencies.is_first_extraction,
    currencies.extracted_at,
    currencies.is_absent,
    timezone('UTC', coalesce(currencies.updated_at, currencies.extracted_at))::date as rate_date,
    home.base,
    currencies.currency,
    currencies.rate,
    'crm' as rate_source,
    true as holds_until_next
from currencies
inner join home using (source_name)
where not currencies.is_base and currencies.rate is not null
