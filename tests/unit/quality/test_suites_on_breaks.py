"""The shipped expectation suites on marts with one thing broken each."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pytest

from tests.support.good_marts import failed_checks

BETWEEN = "expect_column_values_to_be_between"
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
NOT_NULL = "expect_column_values_to_not_be_null"
BREAKS = [
    (
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set still_open = still_open + 1"
        " where from_stage = 'offer'",
        {f"{BETWEEN}.unaccounted": 4},
    ),
    (
        # One fewer came to the offer than the demo handed on, over all time and in each value.
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set reached = 2, still_open = 0"
        " where to_stage = 'offer' and cohort_month is null",
        {f"{BETWEEN}.not_handed_on": 2},
    ),
    (
        "mart_funnel_conversion",
        "delete from marts.mart_funnel_conversion where cohort_month is not null"
        " and dimension = 'team' and from_stage = 'demo' and to_stage = 'won'",
        {f"{BETWEEN}.outside_cohorts": 1},
    ),
    (
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set observed_rate = 100 * observed_rate"
        " where from_stage = 'offer' and dimension = 'all'",
        {f"{BETWEEN}.observed_rate": 2, f"{BETWEEN}.rate_below_high": 2},
    ),
    (
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set observed_low = 0.9 where reached = 1"
        " and entered = 3",
        {f"{BETWEEN}.rate_above_low": 8},
    ),
    (
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set median_days = 200 where from_stage = 'demo'"
        " and dimension = 'all' and cohort_month is null",
        {f"{PAIR}.horizon_days-median_days": 2, f"{BETWEEN}.rate_with_median": 2},
    ),
    (
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set eventual_rate = 0.4, median_days = null"
        " where from_stage = 'offer' and dimension = 'all'; update marts.mart_funnel_conversion"
        " set observed_rate = 0.3 where from_stage = 'offer' and cohort_month is null",
        {f"{BETWEEN}.above_observed": 2},
    ),
    (
        "mart_funnel_conversion",
        "update marts.mart_funnel_conversion set eventual_high = 0.1 where from_stage = 'demo'"
        " and dimension = 'all'",
        {f"{BETWEEN}.eventual_below_high": 4},
    ),
    (
        "mart_stage_flow",
        "update marts.mart_stage_flow set opening = 2, lost = 0 where month_start = '2024-02-01'",
        {f"{BETWEEN}.not_carried_over": 1},
    ),
    (
        "mart_stage_flow",
        "update marts.mart_stage_flow set won = 1 where month_start = '2024-02-01'",
        {f"{BETWEEN}.unaccounted": 1},
    ),
    (
        "mart_required_leads",
        "update marts.mart_required_leads set required_leads = 61",
        {f"{BETWEEN}.leads_too_many": 1},
    ),
    (
        "mart_required_leads",
        "update marts.mart_required_leads set required_leads = 59, gap = 5999",
        {f"{BETWEEN}.leads_to_spare": 1, f"{BETWEEN}.gap_unexplained": 1},
    ),
    (
        "mart_forecast",
        "update marts.mart_forecast set expected = expected + 0.01 where method = 'historical'",
        {f"{BETWEEN}.unexplained": 1},
    ),
    (
        "mart_forecast",
        "update marts.mart_forecast set expected_from_new = 5, expected = expected + 5"
        " where method = 'configured'",
        {f"{BETWEEN}.new_of_configured": 1},
    ),
    (
        "mart_forecast",
        "insert into marts.mart_forecast from marts.mart_forecast where method = 'historical'",
        {
            "expect_compound_columns_to_be_unique."
            "as_of-method-period-period_start-dimension-dimension_value": 2
        },
    ),
    (
        "mart_forecast",
        "update marts.mart_forecast set p75 = 141, target_probability = 50"
        " where method = 'historical'",
        {f"{BETWEEN}.falling_quantiles": 1, f"{BETWEEN}.target_probability": 1},
    ),
    (
        # No range is told, though something is expected.
        "mart_forecast",
        "update marts.mart_forecast set p10 = null, p25 = null, p50 = null, p75 = null, p90 = null"
        " where method = 'historical'",
        {f"{NOT_NULL}.told_middle": 1},
    ),
    (
        # Of a deal that is not open, and not of one that is.
        "mart_deal_forecast",
        "update marts.mart_deal_forecast set deal_key = 'crm:x' where deal_key = 'crm:1'",
        {
            f"{NOT_NULL}.{column}": 1
            for column in (
                "deal_key",
                "open_deal_key",
                "win_probability",
                "expected_amount_reporting",
                "reasons",
            )
        },
    ),
    (
        "mart_deal_forecast",
        "update marts.mart_deal_forecast set win_probability_90d = 0.5 where deal_key = 'crm:1'",
        {f"{BETWEEN}.lost_for_ever": 1},
    ),
    (
        "mart_forecast_accuracy",
        "update marts.mart_forecast_accuracy set error = 10, p25 = 60 where method = 'configured'",
        {f"{BETWEEN}.unexplained": 1, f"{BETWEEN}.falling_quantiles": 1},
    ),
    (
        "mart_forecast_scorecard",
        "update marts.mart_forecast_scorecard set bias = -0.2, coverage_80 = 80"
        " where method = 'configured'",
        {f"{BETWEEN}.bias_beyond_error": 1, f"{BETWEEN}.coverage_80": 1},
    ),
    (
        "fct_pipeline_daily",
        "delete from marts.fct_pipeline_daily where snapshot_date = '2024-03-12'",
        {f"{PAIR}.deals-deals_surely_open": 1, f"{BETWEEN}.share_lost_overnight": 1},
    ),
    (
        "fct_pipeline_daily",
        "delete from marts.fct_pipeline_daily where snapshot_date >= '2024-03-30'",
        {f"{PAIR}.deals-deals_surely_open": 2, f"{BETWEEN}.share_lost_overnight": 1},
    ),
    (
        "fct_pipeline_daily",
        "insert into marts.fct_pipeline_daily from marts.fct_pipeline_daily"
        " where snapshot_date = '2024-03-12' and deal_key = 'crm:3'",
        {f"{BETWEEN}.repeated_deals": 1},
    ),
    (
        "fct_pipeline_daily",
        "insert into marts.fct_pipeline_daily (snapshot_date, deal_key)"
        " values ('2024-04-02', 'crm:3')",
        {f"{BETWEEN}.days_after_as_of": 1},
    ),
    (
        "fct_deals",
        "update marts.fct_deals set deal_key = 'crm:1' where deal_key = 'crm:2'",
        {f"{BETWEEN}.repeated_keys": 1},
    ),
    (
        "fct_deals",
        "update marts.fct_deals set stage_category = 'Open' where deal_key < 'crm:2'",
        {"expect_column_values_to_be_in_set.stage_category": 1},
    ),
    (
        "mart_pipeline_waterfall",
        "update marts.mart_pipeline_waterfall set fx = 0.01 where period_start = '2024-03-25'",
        {f"{BETWEEN}.unexplained": 1},
    ),
    (
        # Both weeks hold in themselves, but nobody knows where the 100 came from.
        "mart_pipeline_waterfall",
        "update marts.mart_pipeline_waterfall set opening = 600, won = -300"
        " where period_start = '2024-03-25'",
        {f"{BETWEEN}.not_handed_on": 1},
    ),
    (
        "mart_pipeline_waterfall",
        "update marts.mart_pipeline_waterfall set transferred_in_count = 1,"
        " transferred_out_count = 1",
        {f"{BETWEEN}.impossible_transfers": 2},
    ),
    (
        "mart_close_date_moves",
        "update marts.mart_close_date_moves set won = 1",
        {f"{BETWEEN}.unaccounted": 1},
    ),
    (
        "mart_target_attainment",
        "update marts.mart_target_attainment set gap = -600, value_win_rate = 30",
        {f"{BETWEEN}.gap_difference": 1, f"{BETWEEN}.value_win_rate": 1},
    ),
    (
        "mart_deal_alerts",
        "update marts.mart_deal_alerts set since_date = as_of + 1, explanation = 'In demo for'",
        {f"{BETWEEN}.days_since": 1, "expect_column_values_to_match_regex.explanation": 1},
    ),
    (
        "mart_deal_alerts",
        "insert into marts.mart_deal_alerts by name select * replace (as_of - 1 as as_of,"
        " 'crm:2' as deal_key) from marts.mart_deal_alerts",
        {f"{BETWEEN}.days": 2},
    ),
    (
        "mart_win_rate_calibration",
        "update marts.mart_win_rate_calibration set deals = 5 where dimension_value = 'north'",
        {f"{PAIR}.deals_of_all-deals": 1},
    ),
    (
        "mart_win_rate_calibration",
        "update marts.mart_win_rate_calibration set mean_predicted_rate = 45, won = 7"
        " where dimension = 'all'",
        {f"{BETWEEN}.mean_predicted_rate": 1, f"{PAIR}.deals-won": 1},
    ),
    (
        "mart_quarantine",
        "update marts.mart_quarantine set reason = null",
        {f"{NOT_NULL}.reason": 1},
    ),
    (
        "mart_source_status",
        "update marts.mart_source_status set state = 'stale'",
        {f"{BETWEEN}.fresh_objects": 1},
    ),
    (
        "mart_source_status",
        "update marts.mart_source_status set state = 'new'",
        {"expect_column_values_to_be_in_set.state": 1, f"{BETWEEN}.fresh_objects": 1},
    ),
]


@pytest.mark.parametrize(("mart", "change", "expected"), BREAKS)
def test_a_break_fails_the_check_that_it_breaks(
    mart: str, change: str, expected: Mapping[str, int], good: duckdb.DuckDBPyConnection
) -> None:
    good.execute(change)
    failed = failed_checks(good, mart)
    assert {name: record.failing_rows for name, record in failed.items()} == expected
    for record in failed.values():
        assert record.table_name == mart
        assert record.rows_at is not None
        assert record.observed.startswith(f"{record.failing_rows} of ")
        kept = good.execute(f"select count(*) from {record.rows_at}").fetchone()
        assert kept == (record.failing_rows,)
