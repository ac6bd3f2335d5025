{{ keep_by_record("'deal'", 'deal_key', remembered=true, slices_at_once=3) }}

-- Spans of business days over which an open deal's end-of-day state did not change.
--
-- A span without an end (`valid_to` null) goes on until something happens; the day on which it
-- is read decides how far it reaches, so a day without news changes no row here.
with stage_days as (
    select
        entity_key as deal_key,
        source_name,
        transitioned_on as day,
        to_stage as stage,
        pipeline,
        to_category as category,
        max(case when transition_type not in ('deleted', 'merged', 'restored') then transitioned_on end)
            over past as stage_entered_on,
        min(transitioned_on) over past as created_on,
        max(known_at) over past as known_at,
        max(case when not is_known_at_assumed then known_at end) over past as learned_at
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and {{ has_changed("'deal'", 'entity_key') }}
    window past as (
        partition by entity_key order by entity_sequence rows unbounded preceding
    )
    qualify lead(transitioned_on) over (partition by entity_key order by entity_sequence)
        is distinct from transitioned_on
),

-- A removed deal keeps its removal through later changes of stage, until it is restored.
removal_days as (
    select
        entity_key as deal_key,
        transitioned_on as day,
        transition_type in ('deleted', 'merged') as is_removed
    from {{ ref('int_stage_transitions') }}
    where entity_type = 'deal' and transition_type in ('deleted', 'merged', 'restored')
        and {{ has_changed("'deal'", 'entity_key') }}
    qualify lead(transitioned_on) over (partition by entity_key order by entity_sequence)
        is distinct from transitioned_on
),

pushes as (
    select
        *,
        expected_close_date > lag(expected_close_date) over past as is_push,
        max(known_at) over past as latest_known_at,
        max(case when not is_known_at_assumed then known_at end) over past as learned_at
    from (
        select entity_key as deal_key, * from {{ ref('int_record_states') }}
        where entity_type = 'deal' and {{ has_changed("'deal'", 'entity_key') }}
    )
    window past as (partition by deal_key order by state_number rows unbounded preceding)
),

state_days as (
    select
        deal_key,
        happened_on as day,
        {
            amount: amount,
            currency: currency,
            expected_close_date: expected_close_date,
            owner_key: owner_key,
            push_count: count(*) filter (where is_push) over past,
            known_at: latest_known_at,
            learned_at: learned_at
        } as fields
    from pushes
    window past as (partition by deal_key order by state_number rows unbounded preceding)
    qualify lead(happened_on) over (partition by deal_key order by state_number)
        is distinct from happened_on
),

moments as (
    select deal_key, day, {
        source_name: source_name,
        stage: stage,
        pipeline: pipeline,
        category: category,
        stage_entered_on: stage_entered_on,
        created_on: created_on,
        known_at: known_at,
        learned_at: learned_at
    } as at_stage, null as at_fields, null as is_removed
    from stage_days
    union all
    select deal_key, day, null, fields, null
    from state_days
    union all
    select deal_key, day, null, null, is_removed
    from removal_days
),

-- A day ends as all that was told up to its end leaves it.
day_ends as (
    select
        deal_key,
        day,
        last_value(at_stage ignore nulls) over past as at_stage,
        last_value(at_fields ignore nulls) over past as at_fields,
        coalesce(last_value(is_removed ignore nulls) over past, false) as is_removed
    from moments
    window past as (
        partition by deal_key order by day range between unbounded preceding and current row
    )
    qualify lead(day) over (partition by deal_key order by day) is distinct from day
),

filled as (
    select
        * exclude (day),
        day as valid_from,
        lead(day) over (partition by deal_key order by day) as valid_to
    from day_ends
),

open_spans as (
    select
        deal_key,
        at_stage.source_name as source_name,
        at_stage.pipeline as pipeline,
        at_stage.stage as stage,
        at_stage.stage_entered_on as stage_entered_on,
        at_stage.created_on as created_on,
        at_fields.amount as amount,
        at_fields.currency as currency,
        at_fields.expected_close_date as expected_close_date,
        at_fields.owner_key as owner_key,
        coalesce(at_fields.push_count, 0)::integer as push_count,
        greatest(at_stage.known_at, at_fields.known_at) as known_at,
        greatest(at_stage.learned_at, at_fields.learned_at) as learned_at,
        valid_from,
        valid_to
    from filled
    where at_stage.category = 'open' and not is_removed
),

-- Split where the stage list changed its win rate or order in the middle of a span.
meant as (
    select
        open_spans.* exclude (valid_from, valid_to, learned_at),
        stage_versions.position as stage_position,
        stage_versions.win_rate,
        nights.reported_until as restated_until,
        greatest(open_spans.valid_from, stage_versions.valid_from) as valid_from,
        nullif(
            least(coalesce(open_spans.valid_to, date '9999-12-31'), stage_versions.valid_to),
            date '9999-12-31'
        ) as valid_to
    from open_spans
    inner join {{ ref('int_stage_versions') }} as stage_versions
        on open_spans.source_name = stage_versions.source_name
        and stage_versions.entity_type = 'deal'
        and open_spans.pipeline = stage_versions.pipeline
        and open_spans.stage = stage_versions.stage
        and open_spans.valid_from < stage_versions.valid_to
        and coalesce(open_spans.valid_to, date '9999-12-31') > stage_versions.valid_from
    asof left join {{ ref('int_nights') }} as nights
        on open_spans.learned_at > nights.known_at
)

select * from meant
