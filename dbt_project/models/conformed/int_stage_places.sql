-- The place of every stage in the list of each day: how many open stages lie before it, and
-- whether the list of that day has it. A stage that the list does not have (yet, or any more) keeps
-- a place for the deals that are in it, but is not there to be jumped over.
with changes as (
    select distinct source_name, entity_type, pipeline, learned_on
    from {{ ref('int_stage_rows') }}
),

lists as (
    select
        pipelines.source_name,
        pipelines.entity_type,
        pipelines.pipeline,
        coalesce(changes.learned_on, date '9999-12-30') as learned_on,
        case
            when row_number() over told = 1 then date '0001-01-01' else changes.learned_on
        end as valid_from,
        coalesce(lead(changes.learned_on) over told, date '9999-12-31') as valid_to
    from (
        select distinct source_name, entity_type, pipeline from {{ ref('int_stage_list') }}
    ) as pipelines
    left join changes using (source_name, entity_type, pipeline)
    window told as (
        partition by pipelines.source_name, pipelines.entity_type, pipelines.pipeline
        order by changes.learned_on
    )
),

newest_rows as (
    select
        lists.source_name, lists.entity_type, lists.pipeline, lists.valid_from,
        stage_rows.stage,
        max_by(not stage_rows.is_absent, (stage_rows.load_id, stage_rows.ordinal)) as is_present,
        max_by(stage_rows.position, (stage_rows.load_id, stage_rows.ordinal)) as position
    from lists
    inner join {{ ref('int_stage_rows') }} as stage_rows
        on lists.source_name = stage_rows.source_name
        and lists.entity_type = stage_rows.entity_type
        and lists.pipeline = stage_rows.pipeline
        and lists.learned_on >= stage_rows.learned_on
    group by all
),

first_positions as (
    select
        source_name, entity_type, pipeline, stage,
        min_by(position, (load_id, ordinal)) as position
    from {{ ref('int_stage_rows') }}
    group by all
),

placed as (
    select
        list.source_name, list.entity_type, list.pipeline, list.stage, list.category,
        lists.valid_from, lists.valid_to,
        coalesce(newest_rows.is_present, list.origin <> 'listed') as is_present,
        coalesce(newest_rows.position, first_positions.position, list.position) as position
    from {{ ref('int_stage_list') }} as list
    inner join lists using (source_name, entity_type, pipeline)
    left join newest_rows
        on list.source_name = newest_rows.source_name
        and list.entity_type = newest_rows.entity_type
        and list.pipeline = newest_rows.pipeline
        and list.stage = newest_rows.stage
        and lists.valid_from = newest_rows.valid_from
    left join first_positions
        on list.source_name = first_positions.source_name
        and list.entity_type = first_positions.entity_type
        and list.pipeline = first_positions.pipeline
        and list.stage = first_positions.stage
)

select
    source_name, entity_type, pipeline, stage, category, valid_from, valid_to, is_present, position,
    coalesce(count(*) filter (where is_present and category = 'open') over (
        partition by source_name, entity_type, pipeline, valid_from order by position, stage
        rows between unbounded preceding and 1 preceding
    ), 0) as stages_before,
    count(*) filter (where is_present and category = 'open') over (
        partition by source_name, entity_type, pipeline, valid_from
    ) as open_stages
from placed
