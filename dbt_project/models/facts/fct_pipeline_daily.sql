{% set bases = ['int_deal_days', 'int_fx_rates', 'days', 'requested'] %}
{{ keep_by_day('snapshot_date', bases) }}

-- Every open deal at the end of every business day. Spans are laid out into days with the deal's
-- columns beside them, which costs about as much as copying the result.
with spans as (
    select
        *,
        greatest(valid_from, {{ first_day(bases) }}) as first_day,
        least(coalesce(valid_to - 1, {{ setting('as_of') }}), {{ setting('as_of') }}) as last_day
    from {{ ref('int_deal_days') }}
),

laid_out as (
    select
        (first_day + unnest(range((last_day - first_day + 1)::integer))::integer)::date as snapshot_date,
        *
    from spans
    where first_day <= last_day
)

select
    laid_out.snapshot_date,
    laid_out.deal_key,
    laid_out.source_name,
    laid_out.pipeline,
    laid_out.stage,
    laid_out.stage_position,
    laid_out.amount,
    laid_out.currency,
    {{ to_reporting('laid_out.amount', 'rates.rate_to_reporting') }} as amount_reporting,
    laid_out.expected_close_date,
    laid_out.owner_key,
    (laid_out.snapshot_date - laid_out.stage_entered_on)::integer as days_in_stage,
    (laid_out.snapshot_date - laid_out.created_on)::integer as days_open,
    laid_out.push_count,
    laid_out.win_rate,
    ({{ to_reporting('laid_out.amount', 'rates.rate_to_reporting') }} * laid_out.win_rate)::decimal(18, 4)
        as weighted_amount_reporting,
    laid_out.known_at,
    coalesce(laid_out.snapshot_date <= laid_out.restated_until, false) as is_restated
from laid_out
left join {{ ref('fct_fx_rates') }} as rates
    on laid_out.currency = rates.currency
    and laid_out.snapshot_date = rates.rate_date
order by laid_out.snapshot_date, laid_out.deal_key
