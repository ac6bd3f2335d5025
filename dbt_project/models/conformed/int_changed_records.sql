-- Leads and deals whose past is derived anew: those about which something landed since the last
-- complete build, and those for which something changed that records share: the stages of their
-- pipelines, their owners, the rates of their currencies, the last reported day. What a build that
-- was not completed took for changed stays so.
--
-- Empty in a build that has nothing to extend: there, everything is derived.
-- depends_on: {{ ref('int_history_rows') }}
-- depends_on: {{ ref('int_deal_versions') }}
-- depends_on: {{ ref('int_lead_versions') }}
-- depends_on: {{ ref('int_stage_names') }}
-- depends_on: {{ ref('int_stage_versions') }}
-- depends_on: {{ ref('int_stage_places') }}
-- depends_on: {{ ref('int_owner_versions') }}
-- depends_on: {{ ref('int_fx_rates') }}
{%- if extends_a_build() %}
with changed_lists as (
    select source_name, entity_type, pipeline from ({{ differing('int_stage_names') }})
    union
    select source_name, entity_type, pipeline from ({{ differing('int_stage_versions') }})
    union
    select source_name, entity_type, pipeline from ({{ differing('int_stage_places') }})
),

changed_owners as (
    select owner_key from ({{ differing('int_owner_versions') }})
    union
    -- Another team from a day on that the last build, or this one, has not reached.
    select owner_key from {{ ref('int_owner_versions') }}
    where valid_from > (
        select least(as_of, {{ setting('as_of') }}) from conformed.built_until
        where as_of <> {{ setting('as_of') }}
    )
),

-- A day that is new has no row that rests on it yet.
changed_currencies as (
    select distinct currency from ({{ differing('int_fx_rates') }})
    where rate_date <= (select as_of from conformed.built_until)
),

-- After this instant, the last build and this one differ in what has happened yet.
days as (
    select
        {{ day_end('least(as_of, ' ~ setting('as_of') ~ ')') }} as reported_until,
        as_of <> {{ setting('as_of') }} as is_another
    from conformed.built_until
),

told as (
    select
        entity_type, entity_key, source_name, pipeline, owner_key, currency,
        entered_at as happened_at, entered_day_end as ended_at
    from {{ ref('int_history_rows') }}
    union all by name
    select
        'deal' as entity_type, deal_key as entity_key, source_name, pipeline, owner_key, currency,
        greatest(observed_at, created_at) as happened_at, closed_at as ended_at
    from {{ ref('int_deal_versions') }}
    union all by name
    select
        'lead' as entity_type, lead_key as entity_key, source_name, pipeline, owner_key,
        greatest(observed_at, created_at) as happened_at, converted_at as ended_at
    from {{ ref('int_lead_versions') }}
)

select entity_type, entity_key from {{ ref('int_records_with_news') }}
union
{{ attempted('int_changed_records') }}
union
select told.entity_type, told.entity_key
from told
cross join days
where (days.is_another and greatest(told.happened_at, told.ended_at) > days.reported_until)
    or (told.source_name, told.entity_type, told.pipeline) in (
        select (source_name, entity_type, pipeline) from changed_lists
    )
    or told.owner_key in (select owner_key from changed_owners)
    or told.currency in (select currency from changed_currencies)
{%- else %}
select entity_type, entity_key from {{ ref('int_records_with_news') }}
where false
{%- endif %}
