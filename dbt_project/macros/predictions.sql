{#
    The first prediction of each closed deal in each tenth of the probability, and the dimension
    values of that day: of the CTEs `predicted` (probability_source, deal_key, source_name, pipeline,
    owner_key, predicted_rate, predicted_on) and `closed` (deal_key, is_won, lead_source, region).
#}
{% macro first_predictions() -%}
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
from (
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
) as firsts
inner join closed on firsts.deal_key = closed.deal_key
left join {{ ref('int_owner_versions') }} as owners
    on firsts.prediction.owner_key = owners.owner_key
    and firsts.prediction.predicted_on >= owners.valid_from
    and firsts.prediction.predicted_on < owners.valid_to
{%- endmacro %}
