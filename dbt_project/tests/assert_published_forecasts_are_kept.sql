-- A returned row is a forecast that was published for a period that is over, and has no row of its
-- own among the forecasts that were judged.
select published.*
from {{ source('landing', 'published_forecasts') }} as published
anti join {{ ref('mart_forecast_accuracy') }} as accuracy
    on accuracy.is_as_published
    and {{ is_same_forecast('published', 'accuracy') }}
    and published.dimension = accuracy.dimension
    and published.dimension_value = accuracy.dimension_value
where published.period_end <= {{ setting('as_of') }} and published.as_of < published.period_end
