-- Where a deal came from, by spans of business days, as it had been told by then. The first version
-- holds backwards: nothing of the deal was known before it.
with versions as (
    select
        told.deal_key,
        told.version_number,
        told.lead_source,
        told.region,
        case
            when row_number() over learned = 1 then date '0001-01-01'
            when told.is_first_extraction then {{ business_day('told.observed_at') }}
            else coalesce(known.known_on, {{ business_day('told.known_at') }})
        end as told_on
    from {{ ref('int_deal_versions') }} as told
    left join {{ ref('int_known_days') }} as known on told.known_at = known.known_at
    where not told.is_absent
    window learned as (partition by told.deal_key order by told.version_number)
),

-- A version never holds before the one that it follows.
ordered as (
    select
        * exclude (told_on),
        max(told_on) over (
            partition by deal_key order by version_number rows unbounded preceding
        ) as valid_from
    from versions
),

-- The last one of a day.
daily as (
    select * from ordered
    qualify row_number() over (
        partition by deal_key, valid_from order by version_number desc
    ) = 1
),

changed as (
    select * from daily
    qualify (lead_source, region) is distinct from lag((lead_source, region)) over (
        partition by deal_key order by valid_from
    )
)

select
    deal_key,
    lead_source,
    region,
    valid_from,
    coalesce(lead(valid_from) over (partition by deal_key order by valid_from), date '9999-12-31')
        as valid_to
from changed
