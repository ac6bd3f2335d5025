-- Owners and their teams over time; the first version holds backwards.
with versions as (
    select
        source_name,
        source_name || ':' || owner_id as owner_key,
        name,
        team,
        source_name || ':' || manager_id as manager_key,
        region,
        is_active,
        is_absent,
        load_id,
        ordinal,
        {{ business_day('extracted_at') }} as learned_on
    from {{ ref('int_delivered_owners') }}
),

-- Who is no longer delivered has left, and keeps the last known team.
filled as (
    select
        source_name,
        owner_key,
        {{ last_told('name') }} as name,
        {{ last_told('team') }} as team,
        {{ last_told('manager_key') }} as manager_key,
        {{ last_told('region') }} as region,
        is_active and not is_absent as is_active,
        load_id,
        ordinal,
        learned_on
    from versions
    window told as (partition by owner_key order by load_id, ordinal rows unbounded preceding)
),

-- Several versions on one day: the last one holds.
daily as (
    select * from filled
    qualify row_number() over (
        partition by owner_key, learned_on order by load_id desc, ordinal desc
    ) = 1
),

mentioned as (
    select source_name, owner_key from {{ ref('int_deal_versions') }}
    union
    select source_name, owner_key from {{ ref('int_lead_versions') }}
    union
    select source_name, owner_key from {{ ref('int_history_rows') }}
)

select
    source_name,
    owner_key,
    name,
    team,
    manager_key,
    region,
    is_active,
    case when row_number() over told = 1 then date '0001-01-01' else learned_on end as valid_from,
    coalesce(lead(learned_on) over told, date '9999-12-31') as valid_to,
    lead(learned_on) over told is null as is_latest
from daily
window told as (partition by owner_key order by learned_on)
union all
select
    source_name, owner_key,
    null as name, null as team, null as manager_key, null as region, null as is_active,
    date '0001-01-01' as valid_from, date '9999-12-31' as valid_to, true as is_latest
from mentioned
where owner_key is not null
    and not exists (select 1 from versions where versions.owner_key = mentioned.owner_key)
