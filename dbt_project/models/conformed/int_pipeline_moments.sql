{{ keep_by_record("'deal'", 'deal_key', remembered=true, slices_at_once=3) }}

-- Every moment at which a deal's place in the pipeline, its worth, its expected close date or its
-- being there changed, with what held before and after it.
--
-- What is told at one instant counts as one moment: its last values hold, and the deal is where
-- the instant leaves it. The comings and goings within it stay in order.
with standings as (
    select
        entity_key as deal_key,
        entity_sequence,
        transitioned_at as happened_at,
        source_name,
        pipeline,
        lag(pipeline) over sequence as previous_pipeline,
        transition_type,
        to_category,
        lag(to_category) over sequence as previous_category,
        -- A removed deal keeps its removal through later changes of stage, until it is restored.
        {%- for frame, column in [
            ('unbounded preceding', 'is_removed'),
            ('between unbounded preceding and 1 preceding', 'was_removed'),
        ] %}
        coalesce(
            last_value({{ removes('transition_type') }} ignore nulls)
                over (sequence rows {{ frame }}),
            false
        ) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and {{ has_changed("'deal'", 'entity_key') }}
    window sequence as (partition by entity_key order by entity_sequence)
),

crossings as (
    select
        *,
        case
            when status = 'open' and was_open then null
            when status = 'open' and transition_type = 'created' then 'new'
            -- Back in the pipeline: a closed deal that opens again, a removed one restored.
            when status = 'open' then 'reopened'
            when was_open then status
        end as crossing
    from (
        select
            *,
            case when is_removed then 'removed' else to_category end as status,
            not was_removed and coalesce(previous_category, '') = 'open' as was_open
        from standings
        -- From one open stage to the next a deal keeps its place in the pipeline.
        where pipeline is distinct from previous_pipeline
            or to_category is distinct from previous_category
            or is_removed <> was_removed
    )
),

-- Where each instant leaves the deal.
stages as (
    select
        deal_key,
        happened_at,
        max_by({source_name: source_name, pipeline: pipeline, status: status}, entity_sequence)
            as stage,
        list(crossing order by entity_sequence) filter (where crossing is not null) as crossings
    from crossings
    group by all
),

fields as (
    select
        entity_key as deal_key,
        happened_at,
        {
            amount: amount,
            currency: currency,
            expected_close_date: expected_close_date,
            owner_key: owner_key
        } as fields
    from {{ ref('int_record_states') }}
    where entity_type = 'deal' and is_last_of_instant
        and {{ has_changed("'deal'", 'entity_key') }}
),

filled as (
    select
        deal_key,
        happened_at,
        {{ business_day('happened_at') }} as happened_on,
        -- The last microsecond before it: a team that changes at midnight changes then.
        {{ business_day('happened_at - interval 1 microsecond') }} as previous_on,
        crossings,
        lead(happened_at) over onward as next_at,
        {%- for told in ['stage', 'fields'] %}
        last_value({{ told }} ignore nulls) over (onward rows unbounded preceding) as {{ told }},
        last_value({{ told }} ignore nulls)
            over (onward rows between unbounded preceding and 1 preceding)
            as previous_{{ told }}{{ "," if not loop.last }}
        {%- endfor %}
    from stages
    full join fields using (deal_key, happened_at)
    window onward as (partition by deal_key order by happened_at)
),

-- Days on which an owner changed team or region; a deal held then changes place at midnight.
owner_changes as (
    select owner_key, valid_from, {{ day_start('valid_from') }} as changes_at
    from {{ ref('int_owner_versions') }}
    window told as (partition by owner_key order by valid_from)
    qualify row_number() over told > 1
        and (team, region) is distinct from lag((team, region)) over told
),

with_owner_changes as (
    select * exclude (next_at) from filled
    where stage is not null
    union all by name
    select
        filled.deal_key,
        owner_changes.changes_at as happened_at,
        owner_changes.valid_from as happened_on,
        owner_changes.valid_from - 1 as previous_on,
        null as crossings,
        filled.stage,
        filled.fields,
        filled.stage as previous_stage,
        filled.fields as previous_fields
    from filled
    inner join owner_changes
        on filled.fields.owner_key = owner_changes.owner_key
        and filled.happened_at < owner_changes.changes_at
        and coalesce(filled.next_at, {{ day_end(setting('as_of')) }}) > owner_changes.changes_at
    where filled.stage.status = 'open'
),

placed as (
    select
        moments.deal_key,
        moments.happened_at,
        moments.happened_on,
        moments.crossings,
        moments.stage.status as status,
        moments.previous_stage.status as previous_status,
        coalesce(previous_status, '') = 'open' as was_open,
        moments.fields.amount as amount,
        moments.fields.currency as currency,
        moments.fields.expected_close_date as expected_close_date,
        moments.previous_fields.amount as previous_amount,
        moments.previous_fields.currency as previous_currency,
        moments.previous_fields.expected_close_date as previous_expected_close_date,
        moments.stage.source_name as source_name,
        moments.stage.pipeline as pipeline,
        coalesce(moments.fields.owner_key, 'unknown') as owner_key,
        coalesce(owners.team, 'unknown') as team,
        coalesce(origins.lead_source, 'unknown') as lead_source,
        coalesce(origins.region, owners.region, 'unknown') as region,
        coalesce(moments.previous_stage.pipeline, '') as previous_pipeline,
        coalesce(moments.previous_fields.owner_key, 'unknown') as previous_owner_key,
        coalesce(previous_owners.team, 'unknown') as previous_team,
        coalesce(origins.region, previous_owners.region, 'unknown') as previous_region
    from with_owner_changes as moments
    left join {{ ref('int_deal_origins') }} as origins
        on moments.deal_key = origins.deal_key and {{ in_slice('origins.deal_key') }}
    left join {{ ref('int_owner_versions') }} as owners
        on moments.fields.owner_key = owners.owner_key
        and moments.happened_on >= owners.valid_from
        and moments.happened_on < owners.valid_to
    left join {{ ref('int_owner_versions') }} as previous_owners
        on moments.previous_fields.owner_key = previous_owners.owner_key
        and moments.previous_on >= previous_owners.valid_from
        and moments.previous_on < previous_owners.valid_to
),

changed as (
    select
        *,
        (pipeline, owner_key, team, region)
        <> (previous_pipeline, previous_owner_key, previous_team, previous_region) as is_moved,
        (amount, currency) is distinct from (previous_amount, previous_currency) as is_revalued,
        expected_close_date is distinct from previous_expected_close_date as is_redated
    from placed
)

select
    changed.deal_key,
    changed.happened_at,
    changed.happened_on,
    changed.status,
    changed.was_open,
    changed.crossings,
    changed.is_moved,
    changed.is_revalued,
    changed.is_redated,
    changed.source_name,
    changed.pipeline,
    changed.owner_key,
    changed.team,
    changed.lead_source,
    changed.region,
    {{ place_key(
        'changed.source_name', 'changed.pipeline', 'changed.owner_key', 'changed.team',
        'changed.lead_source', 'changed.region'
    ) }} as place_key,
    case
        when changed.was_open
            then {{ place_key(
                'changed.source_name', 'changed.previous_pipeline', 'changed.previous_owner_key',
                'changed.previous_team', 'changed.lead_source', 'changed.previous_region'
            ) }}
    end as previous_place_key,
    changed.amount,
    changed.currency,
    changed.expected_close_date,
    -- An amount that is not known, or has no rate that day, counts as zero, as in every sum.
    coalesce({{ to_reporting('changed.amount', 'rates.rate_to_reporting') }}, 0) as value_reporting,
    coalesce({{ to_reporting('changed.previous_amount', 'previous_rates.rate_to_reporting') }}, 0)
        as previous_value_reporting
from changed
left join {{ ref('fct_fx_rates') }} as rates
    on changed.currency = rates.currency
    and changed.happened_on = rates.rate_date
left join {{ ref('fct_fx_rates') }} as previous_rates
    on changed.previous_currency = previous_rates.currency
    and changed.happened_on = previous_rates.rate_date
where changed.crossings is not null or changed.status is distinct from changed.previous_status
    or changed.is_moved or changed.is_revalued or changed.is_redated
