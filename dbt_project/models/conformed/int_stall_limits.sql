-- How long a deal may stay in a stage: nine in ten of the visits that moved on had done so by then.
with finished as (
    select
        source_name,
        pipeline,
        stage,
        count(*) as visits,
        quantile_disc(days, 0.9)::integer as ninth_decile
    from {{ ref('int_deal_visits') }}
    where has_moved_on
    group by all
)

select
    list.source_name,
    list.pipeline,
    list.stage,
    coalesce(finished.visits, 0) as visits,
    coalesce(finished.visits >= {{ setting('alert_evidence_deals') }}, false) as is_learned,
    case
        -- Where all is done on the first day, a night is no stall yet.
        when finished.visits >= {{ setting('alert_evidence_deals') }}
            then greatest(finished.ninth_decile, 1)
        else {{ setting('alert_stalled_days') }}
    end as days
from {{ ref('int_stage_list') }} as list
left join finished using (source_name, pipeline, stage)
where list.entity_type = 'deal' and list.category = 'open'
