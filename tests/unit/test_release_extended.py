"""A release that takes over what can't have changed of the one before, against one made whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.publication.release import Release, publish

DAILY = "fct_pipeline_daily"
SPLIT = {DAILY: "snapshot_date"}
CHANGED = date(2024, 2, 10)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three months of days, published as ``r1``; then a day in February and a day more."""
    home = Home(tmp_path / "home")
    _build(home, days=91, deals=40)
    publish(home.warehouse, home, "marts", [DAILY, "fct_deals"], "r1", SPLIT)
    _build(home, days=92, deals=41, changed=CHANGED)
    return home


def _build(home: Home, days: int, deals: int, changed: date | None = None) -> None:
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    amount = f"snapshot_date >= DATE '{changed}' AND deal_key = 'd7'" if changed else "false"
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            f"""
            CREATE SCHEMA IF NOT EXISTS marts;
            CREATE OR REPLACE TABLE marts.{DAILY} AS
            SELECT snapshot_date, deal_key, CASE WHEN {amount} THEN 2 ELSE 1 END AS amount
            FROM (
                SELECT DATE '2024-01-01' + d::INTEGER AS snapshot_date, 'd' || k AS deal_key
                FROM range({days}) days (d), range(40) deals (k)
            ) ORDER BY ALL;
            CREATE OR REPLACE TABLE marts.fct_deals AS
            SELECT 'd' || i AS deal_key FROM range({deals}) t (i);
            COMMENT ON TABLE marts.fct_deals IS 'One row a deal.';
            """
        )


def _extend(home: Home, first_day: date) -> Release:
    tables = [DAILY, "fct_deals"]
    return publish(
        home.warehouse, home, "marts", tables, "r2", SPLIT, first_days={DAILY: first_day}
    )


def _rows(home: Home, table: str) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return a table's rows as published and in the warehouse, in the order in which they lie."""
    with duckdb.connect(str(home.published / "funnel.duckdb"), read_only=True) as connection:
        published = connection.execute(f"FROM marts.{table} ORDER BY rowid").fetchall()
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return published, connection.execute(f"FROM marts.{table} ORDER BY rowid").fetchall()


def _inodes(release: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (release / "parquet" / DAILY).iterdir()}


def test_days_before_the_first_changed_one_are_taken_over(home: Home) -> None:
    made = _extend(home, CHANGED)
    assert made.tables == {DAILY: 92 * 40, "fct_deals": 41}
    for table in (DAILY, "fct_deals"):
        published, built = _rows(home, table)
        assert published == built
    first, second = _inodes(home.releases / "r1"), _inodes(home.releases / "r2")
    assert {name for name in second if second[name] == first.get(name)} == {"2024-01.parquet"}
    files = f"{made.path}/parquet/{DAILY}/*.parquet"
    assert sorted(duckdb.sql(f"FROM '{files}'").fetchall()) == sorted(_rows(home, DAILY)[1])


def test_comments_stay_with_tables_that_are_written_anew(home: Home) -> None:
    _extend(home, CHANGED)
    with duckdb.connect(str(home.published / "funnel.duckdb"), read_only=True) as connection:
        comments = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
    assert ("fct_deals", "One row a deal.") in comments


@pytest.mark.parametrize("first_day", [date.min, date(2024, 5, 1)], ids=["all", "too late"])
def test_without_rows_to_rely_on_a_table_is_written_whole(home: Home, first_day: date) -> None:
    _extend(home, first_day)
    published, built = _rows(home, DAILY)
    assert published == built
    assert not set(_inodes(home.releases / "r1").values()) & set(
        _inodes(home.releases / "r2").values()
    )


def test_a_column_more_makes_the_table_anew(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(f"ALTER TABLE marts.{DAILY} ADD COLUMN owner_key VARCHAR DEFAULT 'ann'")
    _extend(home, CHANGED)
    published, built = _rows(home, DAILY)
    assert published == built


def test_a_release_that_is_gone_is_not_relied_on(home: Home) -> None:
    (home.releases / "r1" / "funnel.duckdb").unlink()
    _extend(home, CHANGED)
    published, built = _rows(home, DAILY)
    assert published == built
