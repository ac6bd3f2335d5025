with latest as (
    select * from {{ ref('int_lead_versions') }}
    where not is_absent
    qualify row_number() over (partition by lead_key order by version_number desc) = 1
),

removed as (
    select lead_key, is_removed from {{ ref('int_lead_versions') }}
    where is_latest
),

spine as (
    select lead_key, source_name from latest
    union
    select entity_key, source_name from {{ ref('int_entity_status') }}
    where entity_type = 'lead'
),

-- A record whose past lies wholly after the last reported day is not there yet.
not_there_yet as (
    select lead_key from latest
    anti join {{ ref('int_entity_status') }} as status
        on status.entity_type = 'lead' and latest.lead_key = status.entity_key
    semi join {{ ref('int_stage_events') }} as events
        on events.entity_type = 'lead' and latest.lead_key = events.entity_key
),

linked_deals as (
    select lead_key, deal_key from {{ ref('fct_deals') }}
    where lead_key is not null
    union
    select lead_key, deal_key from latest
    where deal_key is not null
),

outcomes as (
    select
        linked_deals.lead_key,
        min_by(deals.deal_key, (deals.created_at is null, deals.created_at, deals.deal_key)) as deal_key,
        bool_or(deals.is_won) as is_won,
        min(case when deals.is_won then deals.closed_at end) as won_at
    from linked_deals
    inner join {{ ref('fct_deals') }} as deals on linked_deals.deal_key = deals.deal_key
    group by all
)

select
    spine.lead_key,
    spine.source_name,
    coalesce(status.pipeline, latest.pipeline, 'main') as pipeline,
    coalesce(status.stage, names.stage) as status,
    status.created_at,
    latest.lead_source,
    coalesce(latest.region, owners.region) as region,
    states.owner_key,
    latest.score,
    case
        when coalesce(
            latest.bant_budget, latest.bant_authority, latest.bant_need, latest.bant_timeline
        ) is not null
            then (
                coalesce(latest.bant_budget, false)::integer
                + coalesce(latest.bant_authority, false)::integer
                + coalesce(latest.bant_need, false)::integer
                + coalesce(latest.bant_timeline, false)::integer
            )
    end as bant_score,
    coalesce(
        case when status.stage_category = 'won' then status.closed_at end,
        case when latest.converted_at <= {{ day_end(setting('as_of')) }} then latest.converted_at end
    ) as converted_at,
    coalesce(told_deals.deal_key, outcomes.deal_key) as deal_key,
    coalesce(outcomes.is_won, false) as is_won,
    outcomes.won_at,
    coalesce(status.is_removed, removed.is_removed, false) as is_deleted
from spine
left join latest on spine.lead_key = latest.lead_key
left join removed on spine.lead_key = removed.lead_key
left join {{ ref('int_entity_status') }} as status
    on status.entity_type = 'lead' and spine.lead_key = status.entity_key
left join {{ ref('int_stage_names') }} as names
    on latest.source_name = names.source_name
    and names.entity_type = 'lead'
    and latest.pipeline = names.pipeline
    and latest.status = names.delivered_stage
left join {{ ref('int_latest_states') }} as states
    on states.entity_type = 'lead' and spine.lead_key = states.entity_key
left join {{ ref('dim_owner') }} as owners on states.owner_key = owners.owner_key
left join {{ ref('fct_deals') }} as told_deals on latest.deal_key = told_deals.deal_key
left join outcomes on spine.lead_key = outcomes.lead_key
where spine.lead_key not in (select lead_key from not_there_yet)
order by spine.lead_key
