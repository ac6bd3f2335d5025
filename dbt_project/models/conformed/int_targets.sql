-- Targets in the reporting currency, at the rate of the start of their period (of `as_of`, where
-- the period lies ahead).
with latest as (
    select * from {{ ref('stg_files__targets') }}
    where quarantine is null
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
),

-- A company's target is its source's too, so that one of several companies can be told apart.
scoped as (
    select
        *,
        'owner' as dimension,
        source_name || ':' || owner_id as dimension_value
    from latest
    where owner_id is not null
    union all
    select *, 'team' as dimension, team as dimension_value
    from latest
    where owner_id is null and team is not null
    union all
    select *, 'all' as dimension, 'all' as dimension_value
    from latest
    where owner_id is null and team is null
    union all
    select *, 'source_name' as dimension, source_name as dimension_value
    from latest
    where owner_id is null and team is null
)

select
    scoped.source_name,
    scoped.period_start,
    scoped.period_end,
    scoped.dimension,
    scoped.dimension_value,
    scoped.amount,
    scoped.currency,
    {{ to_reporting('scoped.amount', 'rates.rate_to_reporting') }} as target_reporting
from scoped
left join {{ ref('fct_fx_rates') }} as rates
    on coalesce(scoped.currency, {{ setting('reporting_currency') }}) = rates.currency
    and least(scoped.period_start, {{ setting('as_of') }}) = rates.rate_date
where not scoped.is_absent
