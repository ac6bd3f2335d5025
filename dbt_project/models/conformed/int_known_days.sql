-- From the end of which business day on a load's data was known: of the day that its night
-- reported, for a night runs after the day that it is about.
select
    known_at,
    least(max(as_of), {{ business_day('known_at') }}) as known_on
from {{ source('landing', 'loads') }}
group by known_at
