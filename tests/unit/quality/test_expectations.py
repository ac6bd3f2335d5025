"""Holding a mart against a suite: failing rows, severities, wrong suites, a run kept back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.quality.assets import expectation_checks
from orchestration.quality.expectations import validate
from orchestration.quality.suites import SuiteError, load_suites
from orchestration.run_log import checks_of, record_checks
from orchestration.session import NightSession
from tests.support.good_marts import (
    CHECKED_AT,
    FOLDER,
    SUITES,
    failed_checks,
)

BETWEEN = "expect_column_values_to_be_between"


def test_failing_rows_are_the_broken_ones_in_the_types_of_the_mart(
    good: duckdb.DuckDBPyConnection,
) -> None:
    good.execute("update marts.mart_forecast set won_to_date = -1.25, expected = expected - 101.35")
    (record,) = failed_checks(good, "mart_forecast").values()
    assert record.rows_at == (
        "failing_rows.expectations__mart_forecast__expect_column_values_to_be_between__won_to_date"
    )
    assert record.observed == "2 of 2 rows, such as -1.25"
    kept = good.execute(f"select * from {record.rows_at}")
    assert kept.fetchall() == good.execute(SUITES["mart_forecast"].rows).fetchall()
    types = good.execute(f"select distinct typeof(won_to_date) from {record.rows_at}").fetchall()
    assert types == [("DECIMAL(18,2)",)]


def test_a_check_that_passes_again_drops_its_failing_rows(good: duckdb.DuckDBPyConnection) -> None:
    good.execute("update marts.mart_quarantine set reason = null")
    assert failed_checks(good, "mart_quarantine")
    good.execute("update marts.mart_quarantine set reason = 'not a date'")
    assert not failed_checks(good, "mart_quarantine")
    left = good.execute(
        "select table_name from information_schema.tables where table_schema = 'failing_rows'"
    ).fetchall()
    assert left == []


def test_failing_rows_are_kept_up_to_a_thousand(good: duckdb.DuckDBPyConnection) -> None:
    good.execute(
        "insert into marts.mart_quarantine by name select 'crm' as source_name, 'deals' as"
        " table_name, 'line ' || line as location, now() as seen_at from range(1234) as t (line)"
    )
    (record,) = failed_checks(good, "mart_quarantine").values()
    assert record.failing_rows == 1234
    first, last, kept = good.execute(
        f"select min(location), arg_max(location, rowid), count(*) from {record.rows_at}"
    ).fetchall()[0]
    assert (first, last, kept) == ("line 0", "line 999", 1000)


def test_a_missing_mart_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("drop table marts.dim_owner")
    (record,) = validate(warehouse, SUITES["dim_owner"], "run", CHECKED_AT)
    assert (record.check_name, record.blocks) == ("expectations.dim_owner.rows", True)
    assert "dim_owner does not exist" in record.observed


def test_a_warning_blocks_nothing(good: duckdb.DuckDBPyConnection) -> None:
    good.execute("update marts.mart_source_status set state = 'stale'")
    records = validate(good, SUITES["mart_source_status"], "run", CHECKED_AT)
    record_checks(good, records)
    stored = {record.check_name: record for record in checks_of(good, "run")}
    assert len(stored) == len(records)
    warning = stored[f"expectations.mart_source_status.{BETWEEN}.fresh_objects"]
    assert (warning.severity, warning.passed, warning.blocks) == ("warn", False, False)
    assert warning.checked_at == CHECKED_AT
    assert not any(record.blocks for record in stored.values())


def test_an_error_blocks(good: duckdb.DuckDBPyConnection) -> None:
    good.execute("update marts.mart_quarantine set reason = null")
    assert [record.blocks for record in failed_checks(good, "mart_quarantine").values()] == [True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, "`name` is 'other', but the file is for 'dim_owner'"),
        ({"meta": {}}, "`meta.description`"),
        ({"meta": {"description": "x", "rows": 3}}, "`meta.rows` must be a query"),
        ({"expectations": []}, "at least one expectation"),
        ({"expectation": []}, "unknown keys: expectation"),
        ({"expectations": [{"type": "be_good"}]}, "expectation 1: `type`"),
        ({"expectations": [{"type": "expect_x", "meta": {}}]}, "expectation 1: expect_x has no"),
        (
            {"expectations": [{"type": "expect_x", "meta": {"reason": "y", "severity": "bad"}}]},
            "`meta.severity` is 'bad', allowed are error and warn",
        ),
        (
            {"expectations": [{"type": "expect_x", "meta": {"reason": "y", "severity": "warn"}}]},
            "`severity` 'critical' contradicts `meta.severity` 'warn'",
        ),
        (
            {"expectations": [{"type": "expect_x", "meta": {"reason": "y"}}] * 2},
            "expected twice of the same columns: expectations.dim_owner.expect_x",
        ),
    ],
)
def test_a_wrong_suite_is_told_with_its_file(
    change: Mapping[str, Any], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "dim_owner.json"
    content = json.loads(SUITES["dim_owner"].file.read_text("utf-8"))
    file.write_text(json.dumps({**content, **change}), "utf-8")
    with pytest.raises(SuiteError, match=re.escape(f"{file}: ")) as raised:
        load_suites(tmp_path)
    assert message in str(raised.value)


def test_a_file_that_is_no_json_is_told(tmp_path: Path) -> None:
    (tmp_path / "dim_owner.json").write_text('{"name": ', "utf-8")
    with pytest.raises(SuiteError, match=r"dim_owner\.json: not JSON"):
        load_suites(tmp_path)


@pytest.mark.parametrize(
    "expectation",
    [
        {"type": "expect_column_values_to_be_good", "kwargs": {"column": "owner_key"}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"colum": "owner_key"}},
    ],
)
def test_what_the_library_does_not_know_is_told_with_its_file(
    expectation: Mapping[str, Any], tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / "dim_owner.json"
    content = json.loads(SUITES["dim_owner"].file.read_text("utf-8"))
    content["expectations"] = [{**expectation, "meta": {"reason": "A test."}}]
    file.write_text(json.dumps(content), "utf-8")
    (suite,) = load_suites(tmp_path)
    with pytest.raises(SuiteError, match=re.escape(f"{file}: ")):
        validate(warehouse, suite, "run", CHECKED_AT)


def test_a_folder_without_suites_is_told(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no suites there"):
        load_suites(tmp_path)


def test_in_a_run_errors_keep_a_night_unpublished_and_warnings_do_not(
    good: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "funnel.toml").write_text(
        "[[sources]]\nname = 'crm'\ntype = 'files'\npath = 'exports'\n", "utf-8"
    )
    monkeypatch.setenv("FUNNEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FUNNEL_CONFIG", str(tmp_path / "funnel.toml"))
    home = Home.from_environment()
    home.warehouse.parent.mkdir(parents=True)
    good.close()
    (tmp_path / "warehouse.duckdb").rename(home.warehouse)
    checked = [dg.AssetKey(["marts", mart]) for mart in ("mart_quarantine", "mart_source_status")]

    @dg.multi_asset(specs=[dg.AssetSpec(key) for key in checked])
    def marts() -> Iterator[dg.MaterializeResult]:
        yield from (dg.MaterializeResult(asset_key=key) for key in checked)

    @dg.asset(deps=checked)
    def publication() -> None: ...

    checks = expectation_checks(FOLDER, {key.path[-1] for key in checked})
    assert {key.asset_key for check in checks for key in check.check_keys} == set(checked)

    def night(change: str) -> tuple[bool, dict[str, dg.AssetCheckEvaluation]]:
        with connect(home.warehouse) as connection:
            connection.execute(change)
        result = dg.materialize(
            [marts, publication, *checks],
            resources={"session": NightSession()},
            raise_on_error=False,
        )
        published = bool(result.asset_materializations_for_node("publication"))
        found = {one.asset_key.path[-1]: one for one in result.get_asset_check_evaluations()}
        return published, found

    published, found = night("update marts.mart_source_status set state = 'stale'")
    assert published
    assert found["mart_quarantine"].passed
    warning = found["mart_source_status"]
    assert (warning.passed, warning.severity) == (False, dg.AssetCheckSeverity.WARN)

    published, found = night("update marts.mart_quarantine set reason = null")
    assert not published
    error = found["mart_quarantine"]
    assert (error.passed, error.severity) == (False, dg.AssetCheckSeverity.ERROR)
    table = error.metadata["failed expectations"].value
    assert "| 1 of 1 rows | 1 | `select * from failing_rows.expectations__mart_quara" in table
    with connect(home.warehouse) as connection:
        stored = connection.execute(
            "select distinct table_name, severity from quality.checks where not passed order by all"
        ).fetchall()
    assert stored == [("mart_quarantine", "error"), ("mart_source_status", "warn")]
