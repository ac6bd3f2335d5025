-- Published nights and, for each, the last day that any night up to it had reported: knowledge
-- that came later than a night restates the days up to that one.
select
    known_at,
    max(as_of) over (order by known_at rows unbounded preceding) as reported_until
from {{ source('landing', 'nights') }}
