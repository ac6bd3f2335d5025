-- Periods in a stage or status as entries into it. By the setting `history_time` a period has the
-- time of its beginning; or of its end, at which the next one begins, and then the first period
-- began with the record. Its values are those of that time.
--
-- A period whose record was deleted may come without it: what it said before still holds.
with deal_periods as (
    select periods.*, 'deal' as entity_type, deal_id as entity_id, records.created_at
    from {{ ref('stg_zoho__deal_history') }} as periods
    left join (
        select source_name, deal_id, max_by(created_at, (load_id, ordinal)) as created_at
        from {{ ref('stg_zoho__deals') }}
        where quarantine is null and not is_absent
        group by all
    ) as records using (source_name, deal_id)
),

lead_periods as (
    select
        periods.* exclude (status_label, next_status_label),
        status_label as stage_label,
        next_status_label as next_stage_label,
        'lead' as entity_type,
        lead_id as entity_id,
        records.created_at
    from {{ ref('stg_zoho__lead_history') }} as periods
    left join (
        select source_name, lead_id, max_by(created_at, (load_id, ordinal)) as created_at
        from {{ ref('stg_zoho__leads') }}
        where quarantine is null and not is_absent
        group by all
    ) as records using (source_name, lead_id)
),

periods as (
    select
        all_periods.*,
        coalesce(settings.options ->> 'history_time', 'entered') = 'left' as has_end_times,
        -- Of the versions of the first period the last one tells its end.
        all_periods.record_id = min_by(
            all_periods.record_id, (all_periods.happened_at, all_periods.event_number)
        ) over (
            partition by all_periods.source_name, all_periods.entity_type, all_periods.entity_id
        ) as is_first
    from (
        select * from deal_periods
        union all by name
        select * from lead_periods
    ) as all_periods
    left join {{ source('settings', 'sources') }} as settings
        on all_periods.source_name = settings.source_name
    where all_periods.quarantine is null
        and (all_periods.entity_id is not null or all_periods.is_absent)
),

entries as (
    select
        * replace (case when has_end_times then record_id || '|next' else record_id end as record_id),
        case when has_end_times then next_stage_label else stage_label end as entered_label,
        happened_at as entered_at
    from periods
    where not has_end_times or next_stage_label is not null
    union all by name
    select
        * replace (
            record_id || '|first' as record_id,
            null::decimal(18, 4) as amount,
            null::varchar as currency,
            null::date as expected_close_date,
            null::decimal(9, 6) as probability
        ),
        stage_label as entered_label,
        created_at as entered_at,
        true as is_creation
    from periods
    where has_end_times and is_first and created_at is not null
)

select
    entries.source_name,
    entries.load_id,
    entries.ordinal,
    entries.known_at,
    entries.is_first_extraction,
    entries.extracted_at,
    entries.is_absent,
    entries.entity_type || '|' || entries.record_id as record_id,
    entries.record_id as event_id,
    entries.event_number - coalesce(entries.is_creation, false)::bigint as event_number,
    entries.entity_type,
    entries.entity_id,
    null::varchar as pipeline,
    coalesce(names.stage, entries.entered_label) as stage,
    entries.entered_at,
    entries.amount,
    entries.currency,
    entries.expected_close_date,
    entries.probability,
    case
        when entries.entity_type = 'deal' and not coalesce(entries.is_creation, false)
            and entries.amount is null
            then ['amount']
        else []
    end || case
        when entries.entity_type = 'deal' and not coalesce(entries.is_creation, false)
            and entries.expected_close_date is null
            then ['expected_close_date']
        else []
    end as emptied,
    false as is_inferred
from entries
left join {{ ref('int_zoho__stage_names') }} as names
    on entries.source_name = names.source_name
    and entries.entity_type = names.entity_type
    and entries.entered_label = names.name
