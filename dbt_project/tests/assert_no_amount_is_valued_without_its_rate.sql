-- A returned row is an amount in the reporting currency that is not the amount times the rate of
-- its day, to the cent: also one that is there without an amount or a rate, or missing with both.
with valued as (
    select
        'fct_pipeline_daily' as table_name, deal_key as record_key, snapshot_date as valued_on,
        amount, currency, amount_reporting
    from {{ ref('fct_pipeline_daily') }}
    union all
    select
        'fct_deals' as table_name, deal_key as record_key,
        coalesce(closed_on, {{ setting('as_of') }}) as valued_on,
        amount, currency, amount_reporting
    from {{ ref('fct_deals') }}
    union all
    select
        'fct_stage_transitions' as table_name, transition_id as record_key,
        transitioned_on as valued_on,
        amount, currency, amount_reporting
    from {{ ref('fct_stage_transitions') }}
)

select valued.*, rates.rate_to_reporting
from valued
left join {{ ref('fct_fx_rates') }} as rates
    on valued.currency = rates.currency and valued.valued_on = rates.rate_date
where valued.amount_reporting
    is distinct from {{ to_reporting('valued.amount', 'rates.rate_to_reporting') }}
