-- A returned row is a forecast of which the actuals of a dimension do not sum to the actual of `all`.
-- `naive` says nothing of who has no period to repeat.
with measured as (
    select
        method, as_of, period, period_start, is_as_published, dimension,
        sum(actual) as actual
    from {{ ref('mart_forecast_accuracy') }}
    group by all
)

select measured.*
from measured
inner join measured as whole
    using (method, as_of, period, period_start, is_as_published)
where whole.dimension = 'all' and whole.method <> 'naive' and measured.actual <> whole.actual
