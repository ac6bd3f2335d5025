"""The dbt unit tests, on a warehouse to which nothing was delivered."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.settings import load_settings
from orchestration.warehouse.build import NodeResult, run_build
from orchestration.warehouse.layout import Night, lay_out
from orchestration.warehouse.parsed_project import (
    arguments,
    manifest_dictionary,
    parsed_project,
)
from orchestration.warehouse.test_results import attached_node
from tests.support.prepared import lend_parse

# The unit tests were written for these; they reach SQL as functions in the working file.
SETTINGS = """
business_timezone = "Europe/Amsterdam"
reporting_currency = "EUR"

[[sources]]
name = "nothing_yet"
type = "files"
path = "."
"""
AS_OF, DAY = date(2017, 12, 31), timedelta(days=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse of all models, built from no data."""
    folder = tmp_path_factory.mktemp("empty")
    settings_file = folder / "settings.toml"
    settings_file.write_text(SETTINGS, "utf-8")
    home = Home(folder / "home")
    lend_parse(home)
    with connect(home.warehouse) as connection:
        lay_out(connection, load_settings(settings_file), home, Night(AS_OF))
    built = run_build(home, "run")
    assert not failed(built.nodes), failed(built.nodes)
    return home


def failed(nodes: list[NodeResult]) -> list[str]:
    return [f"{node.name}: {node.message}" for node in nodes if not node.succeeded]


def test_unit_tests_of_the_models_pass(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNNEL_WAREHOUSE", str(home.warehouse))
    words = arguments(home, "test", "--select", "test_type:unit", "--no-write-json")
    try:
        outcome = dbtRunner(manifest=parsed_project(home)).invoke(words)
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert outcome.exception is None
    results = {result.node.name: str(result.status) for result in outcome.result}
    assert len(results) == len(manifest_dictionary(home)["unit_tests"])
    assert [name for name, status in results.items() if status != "pass"] == []


def test_data_tests_pass_on_an_empty_warehouse(home: Home) -> None:
    tested = run_build(home, "test")
    assert tested.nodes
    assert [node.name for node in tested.nodes if node.status != "pass"] == []


def test_days_after_the_reported_one_are_not_missed(home: Home, tmp_path: Path) -> None:
    # As when an older day is reported again, after whose end another stage list was told.
    warehouse = Path(shutil.copy(home.warehouse, tmp_path))
    law, day = "assert_no_snapshot_day_is_missing", AS_OF
    with connect(warehouse) as connection:
        for since, until in ((day - 2 * DAY, day + 2 * DAY), (day + 2 * DAY, None)):
            connection.execute(
                "insert into conformed.int_deal_days by name select 'crm:d1' as deal_key,"
                " ?::date as valid_from, ?::date as valid_to",
                [since, until],
            )
        for reported in (day - 2 * DAY, day - DAY):
            connection.execute(
                "insert into marts.fct_pipeline_daily by name"
                " select 'crm:d1' as deal_key, ?::date as snapshot_date",
                [reported],
            )
    assert [node.status for node in _tested(home, law, warehouse)] == ["fail"]
    with connect(warehouse) as connection:
        connection.execute(
            "insert into marts.fct_pipeline_daily by name"
            " select 'crm:d1' as deal_key, ?::date as snapshot_date",
            [day],
        )
    assert [node.status for node in _tested(home, law, warehouse)] == ["pass"]


def _tested(home: Home, name: str, warehouse: Path) -> list[NodeResult]:
    return run_build(home, "test", select=[name], warehouse=warehouse).nodes


def test_every_data_test_says_which_model_it_is_about(home: Home) -> None:
    manifest = manifest_dictionary(home)
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    about = {test["name"]: attached_node(manifest, test)["name"] for test in tests}
    assert about["assert_fct_deals_keeps_its_grain"] == "fct_deals"
    assert about["assert_funnel_counts_add_up"] == "int_funnel_counts"
    # Reads two models; its configuration names one.
    assert about["records_without_any_date"] == "fct_deals"
    assert all(test["description"] for test in tests)


def test_a_test_that_is_about_no_model_is_refused() -> None:
    manifest = {"nodes": {"a": {"name": "a"}, "b": {"name": "b"}}}
    test = {"name": "of_two", "config": {}, "depends_on": {"nodes": ["a", "b"]}}
    with pytest.raises(LookupError, match="of_two does not say which model"):
        attached_node(manifest, test)
