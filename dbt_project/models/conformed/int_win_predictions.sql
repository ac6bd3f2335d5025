-- The predictions that closed deals are judged by: how likely a win was said to be at the end of a
-- day on which the deal was still open. A deal counts once in each tenth that its probability was
-- ever in, with the first prediction there, under the owner and pipeline of that day.
with closed as (
    select deal_key, is_won, lead_source, region
    from {{ ref('fct_deals') }}
    where (is_won or is_lost) and closed_on is not null
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
    union all
    -- The model's are of the origins of the backtest: its chance to be won at all.
    select
        'model' as probability_source,
        open_days.deal_key, open_days.source_name, open_days.pipeline, open_days.owner_key,
        chances.win_probability::decimal(7, 6) as predicted_rate,
        chances.as_of as predicted_on
    from open_days
    inner join {{ ref('int_backtest') }} as chances
        on open_days.deal_key = chances.dimension_value
        and chances.as_of >= open_days.valid_from
        and chances.as_of < open_days.valid_to
    where chances.dimension = 'deal' and chances.method = 'model' and chances.horizon_days = 0
),

firsts as (
    select
        probability_source,
        deal_key,
        -- Ten of equal width, the lower end included; certainty belongs to the last.
        least(floor(predicted_rate * 10)::integer + 1, 10) as bin,
        min_by(
            {
                source_name: source_name, pipeline: pipeline, owner_key: owner_key,
                predicted_rate: predicted_rate, predicted_on: predicted_on
            },
            predicted_on
        ) as prediction
    from predicted
    group by all
)

select
    firsts.probability_source,
    firsts.deal_key,
    firsts.bin,
    firsts.prediction.predicted_rate as predicted_rate,
    firsts.prediction.predicted_on as predicted_on,
    closed.is_won,
    firsts.prediction.source_name as source_name,
    firsts.prediction.pipeline as pipeline,
    firsts.prediction.owner_key as owner_key,
    owners.team,
    closed.lead_source,
    coalesce(closed.region, owners.region) as region
from firsts
inner join closed on firsts.deal_key = closed.deal_key
left join {{ ref('int_owner_versions') }} as owners
    on firsts.prediction.owner_key = owners.owner_key
    and firsts.prediction.predicted_on >= owners.valid_from
    and firsts.prediction.predicted_on < owners.valid_to
