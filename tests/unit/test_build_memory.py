"""What one build of the warehouse leaves for the next, and what may be relied on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.warehouse.memory import (
    SHARED,
    can_extend,
    days_since_release,
    prepare_build,
    remember_build,
    remember_release,
)

TABLES = ("fct_pipeline_daily", "fct_deal_changes")


@pytest.fixture
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in which everything was built from one load."""
    with duckdb.connect() as connection:
        for schema in ("settings", "landing", "conformed"):
            connection.execute(f"create schema {schema}")
        connection.execute("create macro settings.as_of() as date '2024-03-31'")
        connection.execute("create table landing.loads as select '001' as load_id")
        prepare_build(connection)
        for name in SHARED:
            connection.execute(f"create table conformed.{name} as select '{name}' as stage")
        connection.execute("create table conformed.former_deal_days as select 1 as deal_key")
        for noted in ("attempted_days", "changed_days"):
            connection.execute(f"insert into conformed.{noted} values ('fct_deals', null)")
        yield connection


def _lay_out(connection: duckdb.DuckDBPyConnection, table: str, day: str) -> None:
    connection.execute("insert into conformed.laid_out values (?, ?)", [table, day])


def test_a_build_remembers_loads_shared_tables_and_its_last_day(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert not can_extend(built)
    remember_build(built)
    assert can_extend(built)
    assert built.execute("from conformed.built_loads").fetchall() == [("001",)]
    assert built.execute("from conformed.built_until").fetchall() == [(date(2024, 3, 31),)]
    assert built.execute("from conformed.built_stage_names").fetchall() == [("int_stage_names",)]


def test_former_rows_are_dropped_with_the_build_that_needed_them(
    built: duckdb.DuckDBPyConnection,
) -> None:
    remember_build(built)
    tables = built.execute("select table_name from duckdb_tables()").fetchall()
    assert built.execute("from conformed.attempted_days").fetchall() == []
    assert built.execute("from conformed.changed_days").fetchall() == []
    assert not [name for (name,) in tables if name.startswith("former_")]


def test_days_add_up_until_they_are_published(built: duckdb.DuckDBPyConnection) -> None:
    remember_release(built, "r1")
    _lay_out(built, "fct_pipeline_daily", "2024-03-31")
    _lay_out(built, "fct_pipeline_daily", "2024-02-03")  # a night that was not published
    assert days_since_release(built, "r1", TABLES) == {
        "fct_pipeline_daily": date(2024, 2, 3),
        "fct_deal_changes": date.max,
    }
    remember_release(built, "r2")
    assert days_since_release(built, "r2", TABLES) == dict.fromkeys(TABLES, date.max)


@pytest.mark.parametrize("published", [None, "r0"], ids=["nothing", "another release"])
def test_nothing_is_known_of_a_release_that_is_not_the_last_one(
    built: duckdb.DuckDBPyConnection, published: str | None
) -> None:
    assert days_since_release(built, published, TABLES) == {}
    remember_release(built, "r1")
    assert days_since_release(built, published, TABLES) == {}
