{{ keep_by_record("'deal'", 'deal_key') }}

-- The predictions that the CRM and the stages made of deals that are closed now.
with closed as (
    select deal_key, is_won, lead_source, region
    from {{ ref('fct_deals') }}
    where (is_won or is_lost) and closed_on is not null
        and {{ has_changed("'deal'", 'deal_key') }}
),

open_days as (
    select
        days.deal_key,
        days.source_name,
        days.pipeline,
        days.owner_key,
        days.win_rate,
        days.valid_from,
        coalesce(days.valid_to, date '9999-12-31') as valid_to
    from {{ ref('int_deal_days') }} as days
    where days.deal_key in (select deal_key from closed)
),

predicted as (
    select
        'configured' as probability_source,
        deal_key, source_name, pipeline, owner_key,
        win_rate as predicted_rate,
        valid_from as predicted_on
    from open_days
    where win_rate is not null
    union all
    select
        'crm' as probability_source,
        open_days.deal_key, open_days.source_name, open_days.pipeline, open_days.owner_key,
        probabilities.probability as predicted_rate,
        greatest(open_days.valid_from, probabilities.valid_from) as predicted_on
    from open_days
    inner join {{ ref('int_deal_probabilities') }} as probabilities
        on open_days.deal_key = probabilities.deal_key
        and open_days.valid_from < probabilities.valid_to
        and probabilities.valid_from < open_days.valid_to
    where probabilities.probability is not null
)

{{ first_predictions() }}
