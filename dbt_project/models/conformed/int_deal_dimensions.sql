-- Every deal at `as_of` with the values of all dimensions.
select
    deals.*,
    owners.team
from {{ ref('fct_deals') }} as deals
left join {{ ref('dim_owner') }} as owners on deals.owner_key = owners.owner_key
