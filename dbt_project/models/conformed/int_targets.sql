-- Targets in the reporting currency, at the rate of the start of their period (of `as_of`, where
-- the period lies ahead).
with latest as (
    select * from {{ ref('stg_files__targets') }}
    where quarantine is null
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
)

select
    latest.source_name,
    latest.period_start,
    latest.period_end,
    case
        when latest.owner_id is not null then 'owner'
        when latest.team is not null then 'team'
        else 'all'
    end as dimension,
    coalesce(latest.source_name || ':' || latest.owner_id, latest.team, 'all') as dimension_value,
    latest.amount,
    latest.currency,
    {{ to_reporting('latest.amount', 'rates.rate_to_reporting') }} as target_reporting
from latest
left join {{ ref('fct_fx_rates') }} as rates
    on coalesce(latest.currency, {{ setting('reporting_currency') }}) = rates.currency
    and least(latest.period_start, {{ setting('as_of') }}) = rates.rate_date
where not latest.is_absent
