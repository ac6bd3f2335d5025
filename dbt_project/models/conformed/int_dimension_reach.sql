-- Since when a dimension value's sources have been deciding deals: before, there is nothing to repeat.
with sources as (
    select source_name, min(closed_on) as first_on
    from {{ ref('fct_deals') }}
    where (is_won or is_lost) and closed_on is not null
    group by source_name
)

select
    deals.dimension,
    deals.dimension_value,
    min(sources.first_on) as first_on
from {{ ref('int_deals_by_dimension') }} as deals
inner join sources on deals.source_name = sources.source_name
group by all
