-- Logged changes of the fields that the history of opportunities lacks, and of leads. A log that has
-- the record's creation goes back to it, for the fields that are tracked.
with tracked as (
    select
        source_name,
        case sobject when 'Lead' then 'lead' when 'Opportunity' then 'deal' end as entity_type,
        list_sort(list(distinct case
            when field_name = 'OwnerId' then 'owner_id'
            when field_name = 'CurrencyIsoCode' then 'currency'
            when field_name = 'Status' then 'stage'
        end)) as logged_fields
    from (
        select * from {{ ref('stg_salesforce__tracked_fields') }}
        qualify row_number() over (
            partition by source_name, record_id order by load_id desc, ordinal desc
        ) = 1
    )
    where not is_absent
    group by all
),

logged as (
    select
        * exclude (deal_id), 'deal' as entity_type, deal_id as entity_id
    from {{ ref('stg_salesforce__opportunity_field_history') }}
    where quarantine is null
    union all by name
    select
        * exclude (lead_id), 'lead' as entity_type, lead_id as entity_id
    from {{ ref('stg_salesforce__lead_history') }}
    where quarantine is null
),

named as (
    select
        *,
        case
            when field_name in ('Owner', 'ownerAssignment', 'ownerAccepted')
                and {{ salesforce_is_owner('coalesce(new_value, old_value)') }} then 'owner_id'
            when field_name = 'CurrencyIsoCode' then 'currency'
            when field_name = 'Status' and entity_type = 'lead' then 'stage'
        end as field,
        bool_or(field_name = 'created') over (
            partition by source_name, entity_type, entity_id
        ) as has_creation
    from logged
)

select
    named.source_name,
    named.load_id,
    named.ordinal,
    named.known_at,
    named.is_first_extraction,
    named.extracted_at,
    named.is_absent,
    named.record_id,
    named.entity_type,
    named.entity_id,
    named.field,
    case named.field when 'owner_id' then {{ salesforce_id('named.old_value') }} else named.old_value end
        as old_value,
    case named.field when 'owner_id' then {{ salesforce_id('named.new_value') }} else named.new_value end
        as new_value,
    true as has_old_value,
    named.changed_at,
    named.change_number,
    named.has_creation as history_is_complete,
    coalesce(tracked.logged_fields, []) as logged_fields
from named
left join tracked
    on named.source_name = tracked.source_name and named.entity_type = tracked.entity_type
where named.field is not null or named.field_name = 'created'
