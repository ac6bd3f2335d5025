-- The win probability that the CRM held for a deal, by spans of business days: what delivered
-- history and successive versions of the record told while they showed an open stage.
--
-- What a record tells together with a closed stage is the outcome, not a prediction of it. As with
-- every field without history, a value holds from when it was told and is never carried back.
with versions as (
    select
        versions.deal_key,
        versions.observed_at,
        versions.load_id,
        versions.ordinal,
        versions.probability,
        lag(versions.probability) over learned as previous_probability
    from {{ ref('int_deal_versions') }} as versions
    inner join {{ ref('int_stage_names') }} as names
        on versions.source_name = names.source_name
        and names.entity_type = 'deal'
        and versions.pipeline = names.pipeline
        and versions.stage = names.delivered_stage
    inner join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and list.entity_type = 'deal'
        and names.pipeline = list.pipeline
        and names.stage = list.stage
    where not versions.is_absent and list.category = 'open'
    window learned as (partition by versions.deal_key order by versions.version_number)
),

told as (
    select
        deal_key, observed_at as happened_at, 2 as sequence_kind, null::bigint as event_number,
        load_id, ordinal, probability
    from versions
    where probability is distinct from previous_probability
    union all
    select
        history_rows.entity_key as deal_key,
        history_rows.entered_at as happened_at,
        1 as sequence_kind,
        history_rows.event_number,
        history_rows.first_load_id as load_id,
        history_rows.first_ordinal as ordinal,
        history_rows.probability
    from {{ ref('int_history_rows') }} as history_rows
    inner join {{ ref('int_stage_names') }} as names
        on history_rows.source_name = names.source_name
        and names.entity_type = 'deal'
        and history_rows.pipeline = names.pipeline
        and history_rows.stage = names.delivered_stage
    inner join {{ ref('int_stage_list') }} as list
        on names.source_name = list.source_name
        and list.entity_type = 'deal'
        and names.pipeline = list.pipeline
        and names.stage = list.stage
    where history_rows.entity_type = 'deal'
        and history_rows.probability is not null
        and list.category = 'open'
),

-- The last one of a day.
daily as (
    select
        deal_key,
        {{ business_day('happened_at') }} as told_on,
        max_by({probability: probability}, {{ event_order() }}) as last_told
    from told
    where happened_at <= {{ day_end(setting('as_of')) }}
    group by all
)

select
    deal_key,
    (last_told.probability / 100)::decimal(7, 6) as probability,
    told_on as valid_from,
    coalesce(
        lead(told_on) over (partition by deal_key order by told_on), date '9999-12-31'
    ) as valid_to
from daily
