-- Deletions of records that left the recycle bin before they were seen in it. Others come with the
-- record itself.
{%- for kind, feed, records, id in [
    ('deal', 'deleted_opportunities', 'opportunities', 'deal_id'),
    ('lead', 'deleted_leads', 'leads', 'lead_id'),
] %}
select
    feed.source_name,
    feed.load_id,
    feed.ordinal,
    feed.known_at,
    feed.is_first_extraction,
    feed.extracted_at,
    feed.is_absent,
    '{{ kind }}' as entity_type,
    feed.{{ id }} as entity_id,
    feed.deleted_at,
    null::varchar as merged_into_id
from {{ ref('stg_salesforce__' ~ feed) }} as feed
where feed.quarantine is null
    and not exists (
        select 1 from {{ ref('stg_salesforce__' ~ records) }} as records
        where records.source_name = feed.source_name
            and records.{{ id }} = feed.{{ id }}
            and records.is_deleted
            -- The two stamps of one deletion may differ a little.
            and records.updated_at >= feed.deleted_at - interval 1 minute
    )
{{ 'union all' if not loop.last }}
{%- endfor %}
