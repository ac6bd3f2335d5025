with latest as (
    select * from {{ ref('int_deal_versions') }}
    where not is_absent
    qualify row_number() over (partition by deal_key order by version_number desc) = 1
),

removed as (
    select deal_key, is_removed from {{ ref('int_deal_versions') }}
    where is_latest
),

spine as (
    select deal_key, source_name from latest
    union
    select entity_key, source_name from {{ ref('int_entity_status') }}
    where entity_type = 'deal'
),

-- What had been seen by the end of `as_of`.
mergers as (
    select
        deal_key,
        max_by({merged_into_key: merged_into_key}, version_number) as told
    from {{ ref('int_deal_versions') }}
    -- A feed of deletions tells a merger without the values of the deal.
    where (not is_absent or merged_into_key is not null)
        and observed_at <= {{ day_end(setting('as_of')) }}
    group by all
),

converting_leads as (
    select deal_key, lead_key
    from {{ ref('int_lead_versions') }}
    where is_latest and not is_absent and deal_key is not null
    qualify row_number() over (partition by deal_key order by converted_at nulls last, lead_key) = 1
),

-- A record whose past lies wholly after the last reported day is not there yet.
not_there_yet as (
    select deal_key from latest
    anti join {{ ref('int_entity_status') }} as status
        on status.entity_type = 'deal' and latest.deal_key = status.entity_key
    semi join {{ ref('int_stage_events') }} as events
        on events.entity_type = 'deal' and latest.deal_key = events.entity_key
),

standing as (
    select
        spine.deal_key,
        spine.source_name,
        coalesce(status.pipeline, latest.pipeline) as pipeline,
        coalesce(status.stage, names.stage) as stage,
        coalesce(status.stage_category, list.category) as stage_category,
        status.created_at,
        status.closed_at,
        status.first_closed_at,
        case
            when latest.closed_at <= {{ day_end(setting('as_of')) }} then latest.closed_at
        end as crm_closed_at,
        states.amount,
        states.currency,
        states.expected_close_date,
        states.owner_key,
        latest.account_key,
        coalesce(latest.lead_key, converting_leads.lead_key) as lead_key,
        latest.lead_source,
        latest.region,
        latest.loss_reason,
        (latest.probability / 100)::decimal(7, 6) as crm_win_rate,
        coalesce(states.push_count, 0)::integer as push_count,
        coalesce(status.is_removed, removed.is_removed, false) as is_deleted,
        mergers.told.merged_into_key as merged_into_key,
        {{ business_day('status.created_at') }} as created_on,
        {{ business_day('status.closed_at') }} as closed_on
    from spine
    left join latest on spine.deal_key = latest.deal_key
    left join removed on spine.deal_key = removed.deal_key
    left join {{ ref('int_entity_status') }} as status
        on status.entity_type = 'deal' and spine.deal_key = status.entity_key
    left join {{ ref('int_stage_names') }} as names
        on latest.source_name = names.source_name
        and names.entity_type = 'deal'
        and latest.pipeline = names.pipeline
        and latest.stage = names.delivered_stage
    left join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and names.entity_type = list.entity_type
        and names.pipeline = list.pipeline
        and names.stage = list.stage
    left join {{ ref('int_latest_states') }} as states
        on states.entity_type = 'deal' and spine.deal_key = states.entity_key
    left join mergers on spine.deal_key = mergers.deal_key
    left join converting_leads on spine.deal_key = converting_leads.deal_key
    where spine.deal_key not in (select deal_key from not_there_yet)
)

select
    standing.deal_key,
    standing.source_name,
    standing.pipeline,
    standing.stage,
    standing.stage_category,
    standing.stage_category = 'won' and not standing.is_deleted as is_won,
    standing.stage_category = 'lost' and not standing.is_deleted as is_lost,
    standing.created_at,
    standing.closed_at,
    standing.first_closed_at,
    standing.crm_closed_at,
    standing.amount,
    standing.currency,
    -- A closed deal keeps the rate of its closing day.
    {{ to_reporting('standing.amount', 'rates.rate_to_reporting') }} as amount_reporting,
    standing.expected_close_date,
    standing.owner_key,
    standing.account_key,
    standing.lead_key,
    standing.lead_source,
    coalesce(standing.region, owners.region) as region,
    standing.loss_reason,
    standing.crm_win_rate,
    (standing.closed_on - standing.created_on)::integer as sales_cycle_days,
    standing.push_count,
    standing.is_deleted,
    standing.merged_into_key,
    standing.created_on,
    standing.closed_on
from standing
left join {{ ref('dim_owner') }} as owners on standing.owner_key = owners.owner_key
left join {{ ref('fct_fx_rates') }} as rates
    on standing.currency = rates.currency
    and coalesce(standing.closed_on, {{ setting('as_of') }}) = rates.rate_date
order by standing.deal_key
