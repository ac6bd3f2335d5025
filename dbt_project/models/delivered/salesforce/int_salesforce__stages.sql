-- The stages of each pipeline in the order of its record type, closed ones that are no longer offered
-- at their end, and the statuses of leads. An org that does not tell the stages of its record types
-- has one list for every pipeline.
with all_stages as (
    select * from {{ ref('stg_salesforce__opportunity_stages') }}
    where quarantine is null
),

newest_stages as (
    select * from all_stages
    where not is_absent
    qualify row_number() over (
        partition by source_name, stage order by load_id desc, ordinal desc
    ) = 1
),

record_types as (
    select source_name, pipeline, name
    from {{ ref('stg_salesforce__record_types') }}
    where quarantine is null and not is_absent
    qualify row_number() over (
        partition by source_name, record_id order by load_id desc, ordinal desc
    ) = 1
),

-- The master list counts where a record may be in it.
offered as (
    select *
    from {{ ref('stg_salesforce__pipeline_stages') }} as stages
    where quarantine is null and (
        pipeline <> 'main'
        or not exists (
            select 1 from record_types where record_types.source_name = stages.source_name
        )
        or exists (
            select 1 from {{ ref('stg_salesforce__opportunities') }} as deals
            where deals.source_name = stages.source_name and deals.pipeline = 'main'
                and not deals.is_absent
        )
    )
),

of_pipelines as (
    select
        offered.* exclude (category, label, win_rate, quarantine, quarantined_payload),
        coalesce(offered.label, newest_stages.label, offered.stage) as label,
        coalesce(offered.category, newest_stages.category, 'open') as category,
        coalesce(offered.win_rate, newest_stages.win_rate) as win_rate
    from offered
    left join newest_stages
        on offered.source_name = newest_stages.source_name and offered.stage = newest_stages.stage
),

withdrawn as (
    select
        stages.* exclude (quarantine, quarantined_payload, is_active)
        replace (
            pipelines.pipeline || '|' || stages.stage as record_id,
            1000 + stages.position as position
        ),
        pipelines.pipeline
    from newest_stages as stages
    inner join (select distinct source_name, pipeline from offered) as pipelines
        on stages.source_name = pipelines.source_name
    where stages.category <> 'open'
        and not stages.is_active
        and not exists (
            select 1 from offered
            where offered.source_name = stages.source_name and offered.stage = stages.stage
        )
),

of_all_pipelines as (
    select * exclude (quarantine, quarantined_payload, is_active), null::varchar as pipeline
    from all_stages
    where not exists (select 1 from offered where offered.source_name = all_stages.source_name)
),

of_deals as (
    select *, 'deal' as entity_type from of_pipelines
    union all by name
    select *, 'deal' as entity_type from withdrawn
    union all by name
    select *, 'deal' as entity_type from of_all_pipelines
)

select
    of_deals.*,
    record_types.name as pipeline_label
from of_deals
left join record_types
    on of_deals.source_name = record_types.source_name and of_deals.pipeline = record_types.pipeline
union all by name
select
    * exclude (quarantine, quarantined_payload),
    'lead' as entity_type
from {{ ref('stg_salesforce__lead_statuses') }}
where quarantine is null
