{{ keep_by_record("'deal'", 'deal_key') }}

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
    inner join {{ ref('int_named_versions') }} as named
        on named.entity_type = 'deal'
        and versions.deal_key = named.entity_key
        and versions.version_number = named.version_number
    where not versions.is_absent and named.category = 'open'
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
        entity_key as deal_key, happened_at, sequence_kind, event_number, load_id, ordinal,
        probability
    from {{ ref('int_named_history') }}
    where entity_type = 'deal' and probability is not null and category = 'open'
),

-- The last one of a day.
daily as (
    select
        deal_key,
        {{ business_day('happened_at') }} as told_on,
        max_by({probability: probability}, ({{ event_order() }})) as last_told
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
