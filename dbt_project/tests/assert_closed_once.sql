-- A returned row is a deal with a dated past that is closed and not removed but has no closing
-- date, has one but is open or removed, or is both won and lost.
select deal_key, stage_category, is_deleted, is_won, is_lost, closed_at
from {{ ref('fct_deals') }}
where (closed_at is not null)
    <> (created_at is not null and stage_category <> 'open' and not is_deleted)
    or (is_won and is_lost)
    or (is_won or is_lost) <> (stage_category <> 'open' and not is_deleted)
