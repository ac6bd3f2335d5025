-- Logged changes of single fields as rows of stage history: for each moment the stage and pipeline
-- in which the record then was, if one of them changed, and the fields that changed.
--
-- A closing that a vendor keeps as a status is a stage here: the status while it is won or lost,
-- else the stage. What a field was before its first change is told at the record's creation: the
-- value that the change replaced or, if the log is complete and has no change of the field, the one
-- of the record's first version.
{%- set fields = [
    'stage', 'pipeline', 'status', 'amount', 'currency', 'expected_close_date', 'owner_id',
] %}
{%- set change_order = 'coalesce(change_number, 9223372036854775807), first_load_id, first_ordinal' %}
with newest as (
    select
        *,
        first_value(load_id) over landed as first_load_id,
        first_value(ordinal) over landed as first_ordinal
    from {{ ref('int_delivered_changes') }}
    window landed as (partition by source_name, record_id order by load_id, ordinal)
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
),

-- A row without a field only says that the log was read.
logs as (
    select
        source_name,
        entity_type,
        entity_id,
        bool_and(coalesce(history_is_complete, false)) as is_complete,
        max(logged_fields) as logged_fields,
        min(changed_at) filter (where field is not null) as first_changed_at,
        min({load_id: first_load_id, ordinal: first_ordinal}) as first_place
    from newest
    where not is_absent
    group by all
),

-- Different fields at one instant share a step; a field that changes again makes another.
stepped as (
    select
        *,
        row_number() over (
            partition by source_name, entity_type, entity_id, field, changed_at
            order by {{ change_order }}
        ) as step,
        row_number() over (
            partition by source_name, entity_type, entity_id, field
            order by changed_at, {{ change_order }}
        ) as change_of_field
    from newest
    where not is_absent and field is not null
),

record_versions as (
    select
        source_name,
        'deal' as entity_type,
        deal_id as entity_id,
        load_id,
        ordinal,
        known_at,
        is_first_extraction,
        created_at,
        created_stage,
        stage,
        map {
            'pipeline': pipeline,
            'amount': amount::varchar,
            'currency': currency,
            'expected_close_date': expected_close_date::varchar,
            'owner_id': owner_id
        } as fields
    from {{ ref('int_delivered_deals') }}
    where not is_absent
    union all
    select
        source_name,
        'lead' as entity_type,
        lead_id as entity_id,
        load_id,
        ordinal,
        known_at,
        is_first_extraction,
        created_at,
        created_status as created_stage,
        status as stage,
        map {'pipeline': pipeline, 'owner_id': owner_id} as fields
    from {{ ref('int_delivered_leads') }}
    where not is_absent
),

records as (
    select
        versions.source_name,
        versions.entity_type,
        versions.entity_id,
        max_by(versions.created_at, (versions.load_id, versions.ordinal)) as created_at,
        min_by(versions.created_stage, (versions.load_id, versions.ordinal)) as created_stage,
        min_by(versions.stage, (versions.load_id, versions.ordinal)) as stage,
        min_by(versions.fields, (versions.load_id, versions.ordinal)) as fields,
        min_by(versions.known_at, (versions.load_id, versions.ordinal)) as known_at,
        min_by(versions.is_first_extraction, (versions.load_id, versions.ordinal))
            as is_first_extraction
    from record_versions as versions
    inner join logs using (source_name, entity_type, entity_id)
    group by all
),

-- Where stages are delivered as such, the log need not have them.
staged_by_history as (
    select distinct source_name, entity_type, entity_id
    from {{ ref('int_delivered_stage_history') }}
    where stage is not null and not is_absent
),

before_changes as (
    select
        logs.*,
        records.created_at,
        records.known_at as record_known_at,
        records.is_first_extraction as record_is_first_extraction,
        fields.field,
        changes.field is not null as was_changed,
        case when changes.has_old_value then changes.old_value end as replaced_value,
        changes.known_at,
        changes.is_first_extraction,
        case
            when not logs.is_complete
                or not coalesce(list_contains(logs.logged_fields, fields.field), true)
                then null
            when fields.field <> 'stage' then records.fields[fields.field]
            when staged_by_history.entity_id is not null then null
            -- A record that is closed shows its status instead of its stage.
            else coalesce(
                records.created_stage,
                case
                    when status_changes.entity_id is null or records.stage not in ('won', 'lost')
                        then records.stage
                end
            )
        end as recorded_value
    from logs
    cross join (select unnest({{ fields }}) as field) as fields
    left join records using (source_name, entity_type, entity_id)
    left join staged_by_history using (source_name, entity_type, entity_id)
    left join stepped as changes
        on logs.source_name = changes.source_name
        and logs.entity_type = changes.entity_type
        and logs.entity_id = changes.entity_id
        and fields.field = changes.field
        and changes.change_of_field = 1
    left join stepped as status_changes
        on logs.source_name = status_changes.source_name
        and logs.entity_type = status_changes.entity_type
        and logs.entity_id = status_changes.entity_id
        and status_changes.field = 'status'
        and status_changes.change_of_field = 1
),

beginnings as (
    select
        *,
        case when was_changed then replaced_value else recorded_value end as new_value,
        -- What the record showed from the first is known since then, whatever is logged later.
        not was_changed or coalesce(
            case
                when field = 'amount'
                    then try_cast(replaced_value as decimal(18, 4))
                        = try_cast(recorded_value as decimal(18, 4))
                else replaced_value = recorded_value
            end,
            false
        ) as was_recorded
    from before_changes
    where case when was_changed then replaced_value else recorded_value end is not null
),

-- Without a date of creation, what was before is not placed in time, and only carried on.
changes as (
    select
        source_name,
        entity_type,
        entity_id,
        case when created_at is not null then least(created_at, first_changed_at) end as changed_at,
        case
            when created_at is not null then least(created_at, first_changed_at) else first_changed_at
        end as ordered_at,
        0 as step,
        field,
        new_value,
        case when was_recorded then record_known_at else known_at end as known_at,
        case when was_recorded then record_is_first_extraction else is_first_extraction end
            as is_first_extraction,
        first_place
    from beginnings
    union all
    select
        source_name,
        entity_type,
        entity_id,
        changed_at,
        changed_at as ordered_at,
        step,
        field,
        new_value,
        known_at,
        is_first_extraction,
        {load_id: first_load_id, ordinal: first_ordinal} as first_place
    from stepped
),

steps as (
    select
        source_name,
        entity_type,
        entity_id,
        changed_at,
        ordered_at,
        step,
        {%- for field in fields %}
        max(new_value) filter (where field = '{{ field }}') as {{ field }},
        {%- endfor %}
        bool_or(field in ('stage', 'pipeline', 'status')) as is_move,
        list_sort(
            list(field) filter (
                where new_value is null
                    and field in ('amount', 'currency', 'expected_close_date', 'owner_id')
            )
        ) as emptied,
        max(known_at) as known_at,
        bool_and(is_first_extraction) as is_first_extraction,
        min(first_place) as first_place
    from changes
    group by all
),

carried as (
    select
        * replace (
            last_value(stage ignore nulls) over past as stage,
            last_value(pipeline ignore nulls) over past as pipeline,
            last_value(status ignore nulls) over past as status
        )
    from steps
    window past as (
        partition by source_name, entity_type, entity_id order by ordered_at, step
        rows unbounded preceding
    )
)

select
    source_name,
    concat_ws(
        '|', 'changes', entity_type, entity_id,
        case step when 0 then 'created' else epoch_us(changed_at)::varchar end, step
    ) as record_id,
    entity_type,
    source_name || ':' || entity_id as entity_key,
    case when is_move then pipeline end as pipeline,
    case when is_move then case when status in ('won', 'lost') then status else stage end end as stage,
    changed_at as entered_at,
    null::timestamptz as entered_day_end,
    step::bigint as event_number,
    null::varchar as event_id,
    first_place.load_id as load_id,
    first_place.ordinal as ordinal,
    first_place.load_id as first_load_id,
    first_place.ordinal as first_ordinal,
    known_at,
    is_first_extraction,
    try_cast(amount as decimal(18, 4)) as amount,
    currency,
    try_cast(left(expected_close_date, 10) as date) as expected_close_date,
    source_name || ':' || owner_id as owner_key,
    coalesce(emptied, [])::varchar[] as emptied,
    false as is_inferred
from carried
where changed_at is not null
