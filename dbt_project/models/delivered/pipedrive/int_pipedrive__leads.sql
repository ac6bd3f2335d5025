-- A lead that becomes a deal is deleted, and only the deal tells of it: so its end is a version
-- made of what the lead was last, at the creation of the deal, in the place of the absence.
with told as (
    select * from {{ ref('stg_pipedrive__leads') }} where quarantine is null
),

conversions as (
    select
        source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at,
        lead_id, deal_id, created_at as converted_at
    from {{ ref('stg_pipedrive__deals') }}
    where quarantine is null and not is_absent and lead_id is not null
    qualify row_number() over (
        partition by source_name, lead_id order by load_id, ordinal
    ) = 1
),

last_told as (
    select
        conversions.source_name,
        conversions.lead_id,
        max_by(
            {created_at: told.created_at, owner_id: told.owner_id, lead_source: told.lead_source},
            (told.load_id, told.ordinal)
        ) as lead
    from conversions
    inner join told
        on conversions.source_name = told.source_name
        and conversions.lead_id = told.lead_id
        and not told.is_absent
        and told.load_id < conversions.load_id
    group by all
)

select
    told.source_name, told.load_id, told.ordinal, told.known_at, told.is_first_extraction,
    told.extracted_at, told.is_absent,
    told.lead_id,
    'leads' as pipeline,
    told.status,
    told.created_at,
    null::timestamptz as converted_at,
    told.updated_at,
    null::varchar as converted_deal_id,
    told.owner_id,
    told.lead_source,
    false as is_deleted
from told
left join conversions using (source_name, lead_id)
where not told.is_absent or conversions.lead_id is null
union all
select
    conversions.source_name, conversions.load_id, conversions.ordinal, conversions.known_at,
    conversions.is_first_extraction, conversions.extracted_at, false as is_absent,
    conversions.lead_id,
    'leads' as pipeline,
    'converted' as status,
    last_told.lead.created_at as created_at,
    conversions.converted_at,
    conversions.converted_at as updated_at,
    conversions.deal_id as converted_deal_id,
    last_told.lead.owner_id as owner_id,
    last_told.lead.lead_source as lead_source,
    false as is_deleted
from conversions
left join last_told using (source_name, lead_id)
