"""A release small enough to know every figure of, with names that are out to break a page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.report.page import Edition

AS_OF = date(2024, 6, 30)
KNOWN = datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
EDITION = Edition(AS_OF, KNOWN, "Europe/Amsterdam", "EUR", "en")
STAGE = "<script>alert('x')</script>"
QUOTED = 'Proposal "A" & B\\'
PEOPLE = ("Ada Lovelace", "Grace Hopper")

_TABLES = """
create schema marts;
create table marts.dim_date as select
    day::date as date_day, date_trunc('quarter', day)::date as fiscal_quarter_start
from range(date '2024-01-01', date '2024-12-31', interval 1 day) as days (day);
create table marts.fct_fx_rates as
    select 'CHF' as currency, 'reporting currency' as rate_source;
create table marts.dim_owner as from (values
    ('crm:1', 'crm', 'Ada Lovelace', 'North', 'crm:Grace Hopper'),
    ('crm:2', 'crm', 'Alan Turing', 'Grace Hopper', null)
) as owners (owner_key, source_name, name, team, manager_key);
create table marts.fct_deals as from (values
    ('crm:d1', 'crm', 'main', $stage, 900.50::decimal(18, 2), 'crm:1', false, false, null::date),
    ('crm:d2', 'crm', 'main', $quoted, null, 'crm:2', false, false, null),
    ('crm:d3', 'crm', 'main', 'Won', 50.00, 'crm:2', true, false, date '2024-02-29')
) as deals (
    deal_key, source_name, pipeline, stage, amount_reporting, owner_key, is_won, is_lost, closed_on
);
create table marts.mart_funnel_conversion as
with steps as (from (values
    ('lead', 'leads', 'New', 'converted', 1, 400, 100, 250, 40, 10, 3e-1, 26e-2, 34e-2),
    ('lead', 'leads', 'New', 'won', 1, 400, 30, 300, 60, 10, 0.10, 0.07, 0.13),
    ('deal', 'main', $stage, $quoted, 1, 120, 90, 20, 10, 0, 0.80, 0.72, 0.86),
    ('deal', 'main', $stage, 'won', 1, 120, 45, 50, 25, 0, 0.48, 0.39, 0.56),
    ('deal', 'main', $quoted, 'won', 2, 90, 45, 30, 15, 0, 0.60, 0.50, 0.69)
) as s (
    entity_type, pipeline, from_stage, to_stage, from_position, entered, reached, lost,
    still_open, removed, eventual_rate, eventual_low, eventual_high
))
select null::date as cohort_month, 'all' as dimension, 'all' as dimension_value, *,
    eventual_rate - 0.05 as observed_rate, eventual_low as observed_low,
    eventual_high as observed_high, 90 as horizon_days, 12 as median_days
from steps;
create table marts.mart_pipeline_summary as
select
    (date '2024-06-30' - week::integer * 7)::date as snapshot_date, 'main' as pipeline, stage,
    'all' as dimension, 'all' as dimension_value, deals, amount_reporting,
    (amount_reporting * 0.5)::decimal(18, 4) as weighted_amount_reporting, stage_position
from range(60) as weeks (week), (values
    ($stage, 12, 123456.78::decimal(18, 2), 1), ($quoted, 1, 1000.00, 2)
) as stages (stage, deals, amount_reporting, stage_position);
create table marts.mart_period_win_rate as from (values
    (date '2024-04-01', 'all', 'all', 6, 4, 600.00::decimal(18, 2)),
    (date '2024-06-01', 'all', 'all', 3, 7, 300.00)
) as months (month_start, dimension, dimension_value, won, lost, won_amount_reporting);
create table marts.mart_stage_velocity as from (values
    ('deal', 'main', $stage, 'all', 'all', 40, 9e0, 8.4e0, 21e0, 12, 5.5e0, 1, true),
    ('deal', 'main', $quoted, 'all', 'all', 0, null, null, null, 1, 3.0, 2, false)
) as stages (
    entity_type, pipeline, stage, dimension, dimension_value, visits, mean_days, median_days,
    p90_days, open_deals, median_open_age_days, stage_position, is_bottleneck
);
create table marts.mart_sales_velocity as from (values
    (date '2024-05-01', 'all', 'all', 100e0), (date '2024-06-01', 'all', 'all', 1234.5)
) as months (month_start, dimension, dimension_value, velocity_per_day);
create table marts.mart_pipeline_waterfall as
select *, 10 as new_count, 0 as reopened_count, 1 as increased_count, 1 as decreased_count,
    0 as fx_count, 3 as won_count, 4 as lost_count, 0 as removed_count
from (values
    ('week', date '2024-06-24', date '2024-06-30', 100000.00, 130000.00, -7.25, 124456.78),
    ('month', date '2024-05-01', date '2024-05-31', 90000.00, 130000.00, 0.00, 114464.03),
    ('month', date '2024-06-01', date '2024-07-31', 1.00, 1.00, 0.00, 1.00)
) as periods (period, period_start, period_end, opening, "new", fx, closing),
(values ('all', 'all', 0.00, 2000.03, -7536.00, -50000.00, -50000.00, 0.00)) as others (
    dimension, dimension_value, reopened, increased, decreased, won, lost, removed
);
create table marts.mart_target_attainment as from (values
    (date '2024-06-30', date '2024-04-01', date '2024-06-30', 'all', 'all',
        2000.00::decimal(18, 2), 900.00::decimal(18, 2), 0.45e0, 1100.00, 300.00, 0.27e0, 3000.00),
    (date '2024-06-30', date '2024-04-01', date '2024-06-30', 'team', 'Grace Hopper',
        400.00, 500.00, 1.25, 0.00, 0.00, null, 0.00),
    (date '2024-06-30', date '2024-04-01', date '2024-06-30', 'owner', 'crm:1',
        400.00, 500.00, 1.25, 0.00, 0.00, null, 0.00)
) as targets (
    as_of, period_start, period_end, dimension, dimension_value, target, won, attainment_rate,
    gap, open_due, coverage, required_pipeline
);
create table marts.mart_forecast as select
    date '2024-06-30' as as_of, 'historical' as method, 'quarter' as period,
    date '2024-07-01' as period_start, date '2024-09-30' as period_end, 'all' as dimension,
    'all' as dimension_value, 0.00 as won_to_date, 5.00 as expected_from_open,
    6.00 as expected_from_new, 4200.00 as expected, 5000.00 as target
union all by name select
    as_of, 'model' as method, 'month' as period, as_of + 1 as period_start,
    date '2024-07-31' as period_end, 'all' as dimension, 'all' as dimension_value,
    0.00 as won_to_date, 900.00 as expected_from_open, 100.00 as expected_from_new,
    1000.00 as expected, 500.00 as p10, 700.00 as p25, 950.00 as p50, 1200.00 as p75,
    1600.00 as p90, null as target,
    'Crm: competing risks learned from 412 wins in 900 days, nothing is told of what ended before '
    || '2022-01-11, the pace of winning fell by 12% within a year, older deals count far less; '
    || 'shop: too little history to learn from (nothing won in 31 days): nothing is expected, and '
    || 'no range can be told.' as statement
from (select date '2024-06-30' as as_of);
create table marts.mart_forecast_accuracy as select
    method, as_of, 'all' as dimension, 'all' as dimension_value, false as is_as_published,
    period, as_of + 1 as period_start, forecast, 600.00 as p10, 800.00 as p25, 1000.00 as p50,
    1100.00 as p75, 1400.00 as p90, actual
from (values
    ('model', date '2024-03-31', 900.00, 1000.00), ('model', date '2024-04-30', 1300.00, 1500.00),
    ('naive', date '2024-03-31', 500.00, 1000.00), ('naive', date '2024-04-30', 2500.00, 1500.00)
) as made (method, as_of, forecast, actual), (values ('30d'), ('month')) as periods (period);
create table marts.mart_forecast_scorecard as from (values
    ('model', 30, '30d', 2, 0.12e0, -0.12e0, 0.5e0), ('model', 60, '60d', 2, 0.1, 0.04, 1.0),
    ('naive', 30, '30d', 2, 0.6, 0.2, null), ('model', 15, 'month', 9, 9.0, 9.0, 0.0)
) as scores (method, horizon_days, period, periods, wape, bias, coverage_80);
alter table marts.mart_forecast_scorecard add column brier_score double;
create table marts.mart_deal_alerts as from (values
    ('crm:d1', 'stalled', 'high', date '2024-06-01', 29e0, 21e0, 'In it for 29 days.'),
    ('crm:d1', 'pushed', 'medium', date '2024-06-02', 3.0, 2.0, 'Put off 3 times.'),
    ('crm:d2', 'stalled', 'medium', date '2024-06-03', 22.0, 21.0, 'In it for 22 days.')
) as alerts (deal_key, alert, severity, since_date, value, threshold, explanation);
create table marts.mart_win_rate_calibration as from (values
    ('crm', 1, 'all', 'all', 30, 2e-1, 1e-1, 9e-2), ('crm', 2, 'all', 'all', 20, 0.8, 0.4, 0.3)
) as bins (
    probability_source, bin, dimension, dimension_value, deals, mean_predicted_rate,
    actual_win_rate, brier_score
);
create table marts.mart_source_status as from (values
    ('crm', 'deals', 'fresh', timestamptz '2024-07-01 00:00:00+00', 2),
    ('crm', 'owners', 'stale', timestamptz '2024-06-28 00:00:00+00', 2),
    ('crm', 'targets', 'never', null, 0)
) as sources (source_name, object, state, last_success_at, records_total);
create table marts.mart_quality_checks as from (values
    ('r1', timestamptz '2024-06-30 00:00:00+00', 'old', 'fct_deals', 'warn', false, 9),
    ('r2', timestamptz '2024-07-01 00:00:00+00', 'fine', 'fct_deals', 'error', true, 0),
    ('r2', timestamptz '2024-07-01 00:00:00+00', 'amounts', 'fct_deals', 'warn', false, 7)
) as checks (run_id, checked_at, check_name, table_name, severity, passed, failing_rows);
create table marts.mart_quarantine as
    select 'crm' as source_name, 'deals' as table_name from range(3);
"""


def write_small_release(database: Path) -> None:
    """Write a release with every table that the report reads, as of ``AS_OF``."""
    script = _TABLES.replace("$stage", _text(STAGE)).replace("$quoted", _text(QUOTED))
    with duckdb.connect(str(database)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(script)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
