select rate_date, currency, rate_to_reporting, rate_source, quoted_on
from {{ ref('int_fx_rates') }}
order by currency, rate_date
