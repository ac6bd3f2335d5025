-- The predictions that the model made of deals that are closed now, on the days on which the
-- forecast is tried out: its chance to be won at all.
with closed as (
    select deal_key, is_won, lead_source, region
    from {{ ref('fct_deals') }}
    where (is_won or is_lost) and closed_on is not null
),

predicted as (
    select
        'model' as probability_source,
        open_days.deal_key, open_days.source_name, open_days.pipeline, open_days.owner_key,
        chances.win_probability::decimal(7, 6) as predicted_rate,
        chances.as_of as predicted_on
    from {{ ref('int_backtest') }} as chances
    inner join {{ ref('int_deal_days') }} as open_days
        on chances.dimension_value = open_days.deal_key
        and chances.as_of >= open_days.valid_from
        and chances.as_of < coalesce(open_days.valid_to, date '9999-12-31')
    where chances.dimension = 'deal' and chances.method = 'model' and chances.horizon_days = 0
)

{{ first_predictions() }}
