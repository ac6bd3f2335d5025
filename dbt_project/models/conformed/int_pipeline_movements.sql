-- What moved the pipeline: every change of an open deal in exactly one bucket, signed, at the rate
-- of its day. At one instant a transfer comes first, then the amount, then the status; an amount
-- that changes with a loss follows it.
with moments as (
    select
        *,
        coalesce(list_position(crossings, 'lost'), 0) as first_loss
    from {{ ref('int_pipeline_moments') }}
),

statuses as (
    select
        *,
        unnest(crossings) as bucket,
        unnest(range(1, len(crossings) + 1)) as crossing_number
    from moments
    where crossings is not null
)

select
    deal_key,
    happened_on,
    'transferred' as bucket,
    previous_place_key as from_place_key,
    place_key,
    previous_value_reporting as amount_reporting
from moments
where was_open and is_moved
union all
select
    deal_key,
    happened_on,
    case when value_reporting > previous_value_reporting then 'increased' else 'decreased' end
        as bucket,
    null as from_place_key,
    place_key,
    value_reporting - previous_value_reporting as amount_reporting
from moments
where was_open and first_loss = 0 and value_reporting <> previous_value_reporting
    -- The same amount has one value a day; where it has two, the amount or its currency changed.
    and is_revalued
union all
select
    deal_key,
    happened_on,
    bucket,
    null as from_place_key,
    place_key,
    case when bucket in ('new', 'reopened') then 1 else -1 end
    * case when crossing_number <= first_loss then previous_value_reporting else value_reporting end
        as amount_reporting
from statuses
