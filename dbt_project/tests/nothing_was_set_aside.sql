{{ config(severity='warn') }}
-- A returned row is a delivered row that can't be read.
select source_name, table_name, location, reason
from {{ ref('mart_quarantine') }}
