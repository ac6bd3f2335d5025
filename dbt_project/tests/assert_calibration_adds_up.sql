-- A returned row is a bin of predictions in which the rows of a dimension do not sum to the row of
-- `all`, or that counts other deals than were predicted and closed.
with measured as (
    select
        probability_source, bin, dimension,
        sum(deals) as deals,
        sum(won) as won
    from {{ ref('mart_win_rate_calibration') }}
    group by all
),

predicted as (
    select
        probability_source, bin,
        count(distinct deal_key) as deals,
        count(distinct case when is_won then deal_key end) as won
    from {{ ref('int_win_predictions') }}
    group by all
)

select probability_source, bin
from measured
inner join predicted using (probability_source, bin)
group by all
having count(*) <> 7
    or bool_or(measured.deals <> predicted.deals)
    or bool_or(measured.won <> predicted.won)
