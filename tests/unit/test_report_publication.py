"""The report as part of a release: swapped in with the marts, and never in their way."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.publication.release import publish
from orchestration.publication.release_files import PublicationError
from orchestration.publication.report import ReportAttempt, try_report
from orchestration.settings import Settings, load_settings
from tests.support.small_release import AS_OF, KNOWN, write_small_release


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "exports").mkdir()
    path = tmp_path / "funnel.toml"
    path.write_text('[[sources]]\nname = "crm"\ntype = "files"\npath = "exports"\n')
    return load_settings(path, {})


def test_a_report_that_fails_does_not_hold_back_the_marts(
    settings: Settings, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema marts")
        # Not the columns that the report asks for.
        connection.execute("create table marts.mart_pipeline_summary as select 1 as stage")
    told: list[str] = []
    attempts: list[ReportAttempt] = []
    published = publish(
        home.warehouse, home, "marts", ["mart_pipeline_summary"], "night-1",
        companion=lambda folder: attempts.append(
            try_report(folder, settings, AS_OF, KNOWN, told.append)
        ),
    )  # fmt: skip
    assert home.published.resolve() == published.path
    assert sorted(path.name for path in published.path.iterdir()) == ["funnel.duckdb", "parquet"]
    record = attempts[0].record("run", KNOWN)
    assert (record.passed, record.blocks) == (False, False)
    assert "snapshot_date" in record.observed
    assert "make report" in told[0]


def test_the_report_is_swapped_in_with_the_marts(settings: Settings, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.warehouse.parent.mkdir(parents=True)
    write_small_release(home.warehouse)

    def add(folder: Path) -> None:
        assert not home.published.exists()
        assert try_report(folder, settings, AS_OF, KNOWN, print).written is not None

    publish(home.warehouse, home, "marts", ["dim_date", "mart_forecast"], "n1", companion=add)
    assert "As of 30 Jun 2024" in (home.published / "report.html").read_text()


def test_a_companion_that_raises_leaves_the_last_release(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.warehouse.parent.mkdir(parents=True)
    write_small_release(home.warehouse)
    publish(home.warehouse, home, "marts", ["dim_date"], "n1")

    def fail(folder: Path) -> None:
        raise PublicationError(f"no room in {folder.name}")

    with pytest.raises(PublicationError, match="no room"):
        publish(home.warehouse, home, "marts", ["dim_date"], "n2", companion=fail)
    assert home.published.resolve().name == "n1"
    assert [path.name for path in home.releases.iterdir()] == ["n1"]
