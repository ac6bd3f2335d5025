{{ keep_by_record("'deal'", 'deal_key', 'int_records_with_news', remembered=true) }}

-- Where a deal came from, as its newest record tells it. These fields have no past of their own.
select
    deal_key,
    lead_source,
    region
from {{ ref('int_deal_versions') }}
where not is_absent and {{ has_news("'deal'", 'deal_key') }}
qualify row_number() over (partition by deal_key order by version_number desc) = 1
