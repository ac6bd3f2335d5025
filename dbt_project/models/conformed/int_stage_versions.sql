-- Every stage of every pipeline with what it meant and when: listed by the source, else taken
-- from the configured template, else as it appeared in the data.
with observed as (
    select * from {{ ref('int_observed_stages') }}
),

pipelines as (
    select distinct source_name, entity_type, pipeline from observed
),

listed as (
    select
        source_name, entity_type, pipeline, stage, label, position, category,
        win_rate / 100 as win_rate, pipeline_label,
        case
            when row_number() over told = 1 then date '0001-01-01' else learned_on
        end as valid_from,
        coalesce(lead(learned_on) over told, date '9999-12-31') as valid_to,
        not last_value(is_absent) over (
            partition by source_name, entity_type, pipeline, stage
            order by load_id, ordinal
            rows between unbounded preceding and unbounded following
        ) as is_current,
        'listed' as origin,
        is_absent
    from {{ ref('int_stage_rows') }}
    window told as (
        partition by source_name, entity_type, pipeline, stage order by load_id, ordinal
    )
),

from_template as (
    select
        pipelines.source_name, pipelines.entity_type, pipelines.pipeline,
        coalesce(observed.stage, template.stage) as stage,
        coalesce(observed.stage, template.stage) as label,
        template.position, template.category,
        template.win_rate / 100 as win_rate, null as pipeline_label,
        date '0001-01-01' as valid_from, date '9999-12-31' as valid_to,
        true as is_current, 'template' as origin
    from pipelines
    inner join {{ source('settings', 'pipelines') }} as configured
        on pipelines.pipeline = configured.pipeline
    inner join {{ ref('stage_templates') }} as template
        on configured.template = template.template
        and (pipelines.entity_type = 'lead') = (template.template = 'lead_qualification')
    left join observed
        on pipelines.source_name = observed.source_name
        and pipelines.entity_type = observed.entity_type
        and pipelines.pipeline = observed.pipeline
        and observed.stage_code = template.stage
    where not exists (
        select 1 from listed
        where listed.source_name = pipelines.source_name
            and listed.entity_type = pipelines.entity_type
            and listed.pipeline = pipelines.pipeline
    )
),

known as (
    -- A removed stage keeps its last meaning: a withdrawn row extends the version before it.
    select
        source_name, entity_type, pipeline, stage, label, position, category, win_rate,
        pipeline_label, valid_from,
        coalesce(
            lead(valid_from) over (
                partition by source_name, entity_type, pipeline, stage order by valid_from
            ),
            date '9999-12-31'
        ) as valid_to,
        is_current, origin
    from listed
    where not is_absent and valid_from < valid_to
    union all
    select * from from_template
),

closed_names as (
    select stage as stage_code, min(category) as category
    from {{ ref('stage_templates') }}
    where category in ('won', 'lost')
    group by stage
),

unlisted as (
    select
        observed.*,
        coalesce(closed_names.category, 'open') as category
    from observed
    left join closed_names
        on regexp_replace(observed.stage_code, '^closed ', '') = closed_names.stage_code
    where not exists (
        select 1 from known
        where known.source_name = observed.source_name
            and known.entity_type = observed.entity_type
            and known.pipeline = observed.pipeline
            and {{ stage_code('known.stage') }} = observed.stage_code
    )
),

appended as (
    select
        source_name, entity_type, pipeline, stage, stage as label,
        (
            coalesce((
                select max(known.position) from known
                where known.source_name = unlisted.source_name
                    and known.entity_type = unlisted.entity_type
                    and known.pipeline = unlisted.pipeline
            ), 0)
            + row_number() over (
                partition by source_name, entity_type, pipeline
                order by category <> 'open', first_seen
            )
        )::integer as position,
        category,
        case category when 'won' then 1 when 'lost' then 0 end as win_rate,
        null as pipeline_label,
        date '0001-01-01' as valid_from, date '9999-12-31' as valid_to,
        true as is_current, 'observed' as origin
    from unlisted
),

all_versions as (
    select * from known
    union all
    select * from appended
)

select
    md5(concat_ws('|', source_name, entity_type, pipeline, stage)) as stage_key,
    source_name,
    entity_type,
    pipeline,
    stage,
    {{ stage_code('stage') }} as stage_code,
    label,
    position,
    category,
    win_rate::decimal(7, 6) as win_rate,
    pipeline_label,
    valid_from,
    valid_to,
    valid_to = max(valid_to) over (
        partition by source_name, entity_type, pipeline, stage
    ) as is_latest,
    is_current,
    origin
from all_versions
