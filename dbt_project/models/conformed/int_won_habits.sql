-- What is usual in a pipeline among the deals that were won: nine in ten had no more pushes, no
-- larger cut and no more stages jumped over than this before they were won. Beside it, how often
-- its closed deals are won.
with closed as (
    select
        deals.source_name,
        deals.pipeline,
        deals.is_won,
        signs.push_count,
        signs.shrunk_rate,
        signs.stages_skipped
    from {{ ref('fct_deals') }} as deals
    inner join {{ ref('int_deal_signs') }} as signs on deals.deal_key = signs.deal_key
    where (deals.is_won or deals.is_lost) and deals.closed_on is not null
),

measured as (
    select
        source_name,
        pipeline,
        count(*) as closed_deals,
        count(*) filter (where is_won) as won_deals,
        count(shrunk_rate) filter (where is_won) as won_with_amount,
        quantile_disc(push_count, 0.9) filter (where is_won) as push_count,
        quantile_disc(shrunk_rate, 0.9) filter (where is_won) as shrunk_rate,
        quantile_disc(stages_skipped, 0.9) filter (where is_won) as stages_skipped
    from closed
    group by all
),

pipelines as (
    select distinct source_name, pipeline from {{ ref('fct_deals') }}
)

select
    pipelines.source_name,
    pipelines.pipeline,
    coalesce(measured.closed_deals, 0) as closed_deals,
    coalesce(measured.won_deals, 0) as won_deals,
    coalesce(measured.won_with_amount, 0) as won_with_amount,
    {{ ratio('measured.won_deals', 'measured.closed_deals') }} as win_rate,
    coalesce(measured.won_deals >= {{ setting('alert_evidence_deals') }}, false) as is_learned,
    coalesce(measured.won_with_amount >= {{ setting('alert_evidence_deals') }}, false)
        as is_shrunk_rate_learned,
    -- Once is an accident, and a tenth a discount: neither is trouble where won deals have none.
    case
        when measured.won_deals >= {{ setting('alert_evidence_deals') }}
            then greatest(measured.push_count, 1)
        else {{ setting('alert_pushes') }}
    end::integer as push_count,
    case
        when measured.won_with_amount >= {{ setting('alert_evidence_deals') }}
            then greatest(measured.shrunk_rate, 0.1)
        else {{ setting('alert_shrunk_rate') }}
    end::double as shrunk_rate,
    case
        when measured.won_deals >= {{ setting('alert_evidence_deals') }}
            then measured.stages_skipped
        else {{ setting('alert_skipped_stages') }}
    end::integer as stages_skipped
from pipelines
left join measured using (source_name, pipeline)
