"""The shipped expectation suites: their form, and what they say of good and empty marts."""

from __future__ import annotations

import json
import re

import duckdb
import pytest

from orchestration.quality.expectations import validate
from orchestration.quality.suites import Suite
from tests.support.good_marts import (
    CHECKED_AT,
    DBT_MARTS,
    SHAPES,
    SUITES,
    failed_checks,
)


def test_every_published_mart_has_a_suite() -> None:
    shaped = {shape.table for shape in SHAPES}
    assert set(SUITES) == {*DBT_MARTS, *shaped}


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_suite_is_in_the_library_s_own_form(suite: Suite) -> None:
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite

    gx.get_context(mode="ephemeral")
    content = json.loads(suite.file.read_text("utf-8"))
    # What the library writes back: what stands in the file, and the defaults that it leaves out.
    written = ExpectationSuite(**content).to_json_dict()
    assert written["name"] == content["name"]
    assert {key: written["meta"][key] for key in content["meta"]} == content["meta"]
    assert written["expectations"] == [
        {"severity": "critical", **expectation} for expectation in content["expectations"]
    ]
    assert ExpectationSuite(**written).to_json_dict() == written


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_an_empty_mart_passes(suite: Suite, warehouse: duckdb.DuckDBPyConnection) -> None:
    records = validate(warehouse, suite, "run", CHECKED_AT)
    assert [record.check_name for record in records if not record.passed] == []
    assert [record.check_name for record in records] == [
        suite.rows_check,
        *(expectation.check_name for expectation in suite.expectations),
    ]
    assert warehouse.execute(f"select count(*) from ({suite.rows})").fetchone() == (0,)


@pytest.mark.parametrize(
    "mart",
    [
        "mart_funnel_conversion", "mart_forecast", "fct_pipeline_daily", "fct_deals", "dim_stage",
        "mart_source_status", "mart_quarantine", "mart_stage_flow", "mart_required_leads",
        "mart_pipeline_waterfall", "mart_close_date_moves", "mart_target_attainment",
        "mart_deal_alerts", "mart_win_rate_calibration", "mart_deal_forecast",
        "mart_forecast_accuracy", "mart_forecast_scorecard",
    ],
)  # fmt: skip
def test_a_good_mart_passes(mart: str, good: duckdb.DuckDBPyConnection) -> None:
    records = validate(good, SUITES[mart], "run", CHECKED_AT)
    assert [record for record in records if not record.passed] == []
    assert not records[0].observed.startswith("0 ")
    assert {record.failing_rows for record in records} <= {0, None}


@pytest.mark.parametrize("mart", SUITES)
def test_a_missing_column_is_told(mart: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    (column,) = warehouse.execute(f"select column_name from (describe marts.{mart})").fetchall()[-1]
    warehouse.execute(f"alter table marts.{mart} drop column {column}")
    failed = failed_checks(warehouse, mart)
    assert set(failed) & {"rows", "expect_table_columns_to_match_set"}
    for record in failed.values():
        assert column in record.observed
        assert record.severity == "error"
        assert record.failing_rows is None


def test_check_names_are_unique_and_name_tables_without_quotes() -> None:
    names = [
        name
        for suite in SUITES.values()
        for name in (suite.rows_check, *(one.check_name for one in suite.expectations))
    ]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"expectations\.[a-z_.A-Z0-9-]+", name) for name in names)
    assert all(one.expected.count("`None`") == 0 for s in SUITES.values() for one in s.expectations)
