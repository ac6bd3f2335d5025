-- Stages with the names of their pipelines, whenever one of both changed; behind them what closes
-- a deal, which is a status in Pipedrive; and the states of a lead. A deleted stage, or a stage of
-- a deleted pipeline, is withdrawn from the list, and keeps what it last meant.
{%- set delivery = 'source_name, load_id, ordinal, known_at, is_first_extraction, extracted_at' %}
{%- set meaning = 'stage, label, position, category, win_rate, pipeline_label, is_gone' %}
with pipelines as (
    select
        {{ delivery }},
        pipeline_id,
        last_value(name ignore nulls) over told as name,
        last_value(case when not is_absent then has_probability end ignore nulls) over told
            as has_probability,
        is_absent or is_deleted as is_gone
    from {{ ref('stg_pipedrive__pipelines') }}
    where quarantine is null
    window told as (
        partition by source_name, pipeline_id order by load_id rows unbounded preceding
    )
),

stages as (
    select
        {{ delivery }},
        stage_id,
        last_value(pipeline_id ignore nulls) over told as pipeline_id,
        last_value(name ignore nulls) over told as name,
        last_value(position ignore nulls) over told as position,
        last_value(win_rate ignore nulls) over told as win_rate,
        is_absent or is_deleted as is_gone
    from {{ ref('stg_pipedrive__stages') }}
    where quarantine is null
    window told as (
        partition by source_name, stage_id order by load_id rows unbounded preceding
    )
),

moments as (
    select {{ delivery }}, stage_id from stages
    union all
    select pipelines.* exclude (pipeline_id, name, has_probability, is_gone), of_pipeline.stage_id
    from pipelines
    inner join (select distinct source_name, pipeline_id, stage_id from stages) as of_pipeline
        using (source_name, pipeline_id)
),

stage_states as (
    select moments.*, stages.pipeline_id, stages.name, stages.position, stages.win_rate, stages.is_gone
    from moments
    asof inner join stages
        on moments.source_name = stages.source_name
        and moments.stage_id = stages.stage_id
        and moments.load_id >= stages.load_id
),

open_stages as (
    select
        stage_states.* exclude (name, win_rate, is_gone),
        stage_states.stage_id as stage,
        stage_states.name as label,
        'open' as category,
        case when pipelines.has_probability then stage_states.win_rate end as win_rate,
        pipelines.name as pipeline_label,
        stage_states.is_gone or coalesce(pipelines.is_gone, false) as is_gone
    from stage_states
    asof left join pipelines
        on stage_states.source_name = pipelines.source_name
        and stage_states.pipeline_id = pipelines.pipeline_id
        and stage_states.load_id >= pipelines.load_id
),

closed_stages as (
    select
        pipelines.* exclude (name, has_probability),
        closed.stage,
        closed.label,
        closed.position,
        closed.stage as category,
        closed.win_rate,
        pipelines.name as pipeline_label
    from pipelines
    cross join (
        values ('won', 'Won', 1001, 100), ('lost', 'Lost', 1002, 0)
    ) as closed (stage, label, position, win_rate)
),

all_stages as (
    select {{ delivery }}, pipeline_id, {{ meaning }} from open_stages
    union all
    select {{ delivery }}, pipeline_id, {{ meaning }} from closed_stages
),

deal_stages as (
    select
        *,
        concat_ws('|', 'deal', pipeline_id, stage) as record_id,
        row_number() over (
            partition by source_name, pipeline_id, stage order by load_id
        ) = 1 as is_first
    from all_stages
),

lead_stages as (
    select
        first_told.*, 'lead|' || states.stage as record_id,
        states.stage, states.label, states.position, states.category, states.win_rate
    from (
        select {{ delivery }} from pipelines
        qualify row_number() over (partition by source_name order by load_id, ordinal) = 1
    ) as first_told
    cross join (
        values
        ('open', 'Open', 1, 'open', null),
        ('converted', 'Converted', 2, 'won', 100),
        ('archived', 'Archived', 3, 'lost', 0)
    ) as states (stage, label, position, category, win_rate)
)

select
    {{ delivery | replace('ordinal', '2 * ordinal as ordinal') }}, false as is_absent, record_id,
    'deal' as entity_type, pipeline_id as pipeline, stage, label, position, category, win_rate,
    pipeline_label
from deal_stages
where not is_gone or is_first
union all by name
select
    {{ delivery | replace('ordinal', '2 * ordinal + 1 as ordinal') }}, true as is_absent, record_id,
    'deal' as entity_type, pipeline_id as pipeline, stage, label, position, category, win_rate,
    pipeline_label
from deal_stages
where is_gone
union all by name
select
    {{ delivery }}, false as is_absent, record_id,
    'lead' as entity_type, 'leads' as pipeline, stage, label, position, category, win_rate
from lead_stages
