-- A returned row is a source and table of which some landed rows are nowhere: neither the newest
-- version of a record that is in a fact, nor superseded by a later version, set aside with a
-- reason, withdrawn by the source, or beginning after `as_of`.
with staged as (
    {% for table, entity_type, key in [
        ('deals', "'deal'", 'deal_id'), ('leads', "'lead'", 'lead_id'),
        ('stage_history', 'entity_type', 'record_id'),
    ] %}
    select
        source_name,
        '{{ table }}' as table_name,
        {{ entity_type }} as entity_type,
        {{ key }} as record_id,
        source_name || ':' || {{ 'entity_id' if table == 'stage_history' else key }} as entity_key,
        load_id,
        ordinal,
        is_absent,
        quarantine is not null as is_set_aside
    from {{ ref('stg_files__' ~ table) }}
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
    select source_name, record_id
    from staged
    where table_name = 'stage_history' and not is_set_aside
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
        ) as withdrawn
    from placed
    left join facts
        on placed.entity_type = facts.entity_type and placed.entity_key = facts.entity_key
    left join beginnings
        on placed.entity_type = beginnings.entity_type
        and placed.entity_key = beginnings.entity_key
    left join withdrawn_history
        on placed.table_name = 'stage_history'
        and placed.source_name = withdrawn_history.source_name
        and placed.record_id = withdrawn_history.record_id
    group by all
),

landed as (
    select source_name, table_name, sum(row_count) as landed
    from {{ source('landing', 'loads') }}
    where table_name in ('deals', 'leads', 'stage_history')
    group by all
    having sum(row_count) > 0
)

select *
from landed
full join counted using (source_name, table_name)
where landed is distinct from (
    set_aside + withdrawals + superseded + in_facts + not_begun + withdrawn
)
