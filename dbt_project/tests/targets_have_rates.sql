{{ config(severity='warn') }}
-- A returned row is a target that could not be valued in the reporting currency.
select source_name, period_start, period_end, dimension, dimension_value, currency
from {{ ref('int_targets') }}
where target_reporting is null and dimension <> 'source_name'
