-- The delivered stage lists, row by row as they were learned, for the pipelines they hold for.
with pipelines as (
    select distinct source_name, entity_type, pipeline from {{ ref('int_observed_stages') }}
),

delivered as (
    select
        source_name, entity_type, pipeline, stage, label, position, category,
        win_rate, pipeline_label, load_id, ordinal, is_absent, record_id,
        {{ business_day('extracted_at') }} as learned_on
    from {{ ref('int_delivered_stages') }}
),

-- An absent row carries only its record id; it closes the list entry of that id.
named as (
    select
        * replace (
            last_value(entity_type ignore nulls) over told as entity_type,
            last_value(pipeline ignore nulls) over told as pipeline,
            last_value(stage ignore nulls) over told as stage,
            last_value(label ignore nulls) over told as label,
            last_value(position ignore nulls) over told as position,
            last_value(category ignore nulls) over told as category,
            last_value(pipeline_label ignore nulls) over told as pipeline_label
        )
    from delivered
    window told as (
        partition by source_name, record_id order by load_id, ordinal rows unbounded preceding
    )
),

-- A list without pipelines holds for every pipeline of its kind that has no list of its own.
scoped as (
    select * from named where pipeline is not null
    union all
    select named.* replace (pipelines.pipeline as pipeline)
    from named
    inner join pipelines
        on named.source_name = pipelines.source_name and named.entity_type = pipelines.entity_type
    where named.pipeline is null
        and not exists (
            select 1 from named as own
            where own.source_name = pipelines.source_name
                and own.entity_type = pipelines.entity_type
                and own.pipeline = pipelines.pipeline
        )
)

select
    source_name, entity_type, pipeline, stage, label, position, category, win_rate,
    pipeline_label, load_id, ordinal, is_absent, learned_on
from scoped
