with predictions as (
    select * from {{ ref('int_win_predictions') }}
),

counted as (
    select
        probability_source,
        bin,
        dimension,
        dimension_value,
        count(*) as deals,
        count(*) filter (where is_won) as won,
        -- Exact: rates are decimals, and so are their sums.
        sum(predicted_rate) as predicted,
        sum(
            (predicted_rate - is_won::integer)::decimal(8, 6)
            * (predicted_rate - is_won::integer)::decimal(8, 6)
        ) as squared_error
    from {{ by_dimension('predictions') }}
    group by all
)

select
    probability_source,
    bin,
    ((bin - 1) / 10.0)::double as bin_low,
    (bin / 10.0)::double as bin_high,
    dimension,
    dimension_value,
    deals,
    won,
    {{ ratio('predicted', 'deals') }} as mean_predicted_rate,
    {{ ratio('won', 'deals') }} as actual_win_rate,
    {{ wilson_low('won', 'deals') }} as actual_low,
    {{ wilson_high('won', 'deals') }} as actual_high,
    {{ ratio('squared_error', 'deals') }} as brier_score
from counted
order by probability_source, dimension, dimension_value, bin
