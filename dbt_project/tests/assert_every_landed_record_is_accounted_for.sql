-- A returned row is a source and table of which some landed rows are nowhere: neither the newest
-- version of a record that is in a fact, nor superseded by a later version, set aside with a
-- reason, withdrawn by the source, beginning after `as_of`, about a record that was never
-- delivered, or reference data in its newest version.
with staged as (
    {% for staged in staged_objects() %}
    select
        source_name,
        '{{ staged.object }}' as table_name,
        '{{ staged.kind }}' as kind,
        {{ staged.entity_type | default('null') }}::varchar as entity_type,
        {{ staged.row_id }} as record_id,
        source_name || ':' || {{ staged.entity_id | default('null') }} as entity_key,
        load_id,
        ordinal,
        is_absent,
        quarantine is not null as is_set_aside
    from {{ ref(staged.model) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- A later version supersedes; a withdrawal leaves the version before it in place.
placed as (
    select
        *,
        not is_absent and not is_set_aside and row_number() over (
            partition by source_name, table_name, record_id, is_set_aside, is_absent
            order by load_id desc, ordinal desc
        ) = 1 as is_newest
    from staged
),

facts as (
    select 'deal' as entity_type, deal_key as entity_key from {{ ref('fct_deals') }}
    union all
    select 'lead' as entity_type, lead_key as entity_key from {{ ref('fct_leads') }}
),

beginnings as (
    select entity_type, entity_key, min(happened_at) as began_at
    from {{ ref('int_stage_events') }}
    group by all
),

-- Withdrawn history takes the lead or deal that only it told of with it.
withdrawn_history as (
    select source_name, table_name, record_id
    from staged
    where kind = 'history' and not is_set_aside
    group by all
    having max_by(is_absent, (load_id, ordinal))
),

counted as (
    select
        placed.source_name,
        placed.table_name,
        count(*) filter (where is_set_aside) as set_aside,
        count(*) filter (where is_absent and not is_set_aside) as withdrawals,
        count(*) filter (where not is_set_aside and not is_absent and not is_newest) as superseded,
        count(*) filter (where is_newest and facts.entity_key is not null) as in_facts,
        count(*) filter (
            where is_newest and facts.entity_key is null
                and beginnings.began_at > {{ day_end(setting('as_of')) }}
        ) as not_begun,
        count(*) filter (
            where is_newest and facts.entity_key is null
                and beginnings.entity_key is null and withdrawn_history.record_id is not null
        ) as withdrawn,
        count(*) filter (
            where is_newest and kind = 'about'
                and facts.entity_key is null and beginnings.entity_key is null
        ) as of_no_record,
        count(*) filter (where is_newest and kind = 'reference') as in_use
    from placed
    left join facts
        on placed.entity_type = facts.entity_type and placed.entity_key = facts.entity_key
    left join beginnings
        on placed.entity_type = beginnings.entity_type
        and placed.entity_key = beginnings.entity_key
    left join withdrawn_history
        on placed.source_name = withdrawn_history.source_name
        and placed.table_name = withdrawn_history.table_name
        and placed.record_id = withdrawn_history.record_id
    group by all
),

landed as (
    select source_name, table_name, sum(row_count) as landed
    from {{ source('landing', 'loads') }}
    where table_name in (
        {%- for staged in staged_objects() %}
        '{{ staged.object }}'{{ "," if not loop.last }}
        {%- endfor %}
    )
    group by all
    having sum(row_count) > 0
)

select *
from landed
full join counted using (source_name, table_name)
where landed is distinct from (
    set_aside + withdrawals + superseded + in_facts + not_begun + withdrawn
    + of_no_record + in_use
)
