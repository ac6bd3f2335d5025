"""What a build remembers for the next one, so that the next derives only what changed.

Here belong the tables ``conformed.built_*``; how models use them is in
``dbt_project/macros/changed_records.sql``. They are written together, after everything was built:
a build that broke off leaves what the last complete one remembered, and the next finds the same
changes again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from orchestration.engine import has_table

LOADS = "built_loads"
RELEASE = "last_release"
# Small tables that records share; where one differs, the records that it concerns are derived anew.
SHARED = (
    "int_default_pipelines",
    "int_stage_names",
    "int_stage_versions",
    "int_stage_places",
    "int_owner_versions",
    "int_fx_rates",
)


# What builds that were not completed since derived anew, and from which day on, and the day from
# which on the tables that facts rest on differ from the last complete build's.
ATTEMPTED = {
    "attempted_records": "records varchar, entity_type varchar, entity_key varchar",
    "attempted_days": "table_name varchar, first_day date",
    "changed_days": "table_name varchar, first_day date",
}


def can_extend(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a complete build is there to be extended."""
    return has_table(connection, "conformed", LOADS)


def prepare_build(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables in which a build notes what it derives anew."""
    for name, columns in {**ATTEMPTED, "laid_out": ATTEMPTED["attempted_days"]}.items():
        connection.execute(f"create table if not exists conformed.{name} ({columns})")


def remember_build(connection: duckdb.DuckDBPyConnection) -> None:
    """Record that everything is built from what is offered now."""
    former = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'conformed'"
        " and table_name like 'former\\_%' escape '\\'"
    ).fetchall()
    connection.begin()
    for (name,) in former:
        connection.execute(f'drop table conformed."{name}"')
    for name in ATTEMPTED:
        connection.execute(f"delete from conformed.{name}")
    connection.execute(
        f"create or replace table conformed.{LOADS} as select load_id from landing.loads"
    )
    connection.execute(
        "create or replace table conformed.built_until as select settings.as_of() as as_of"
    )
    for name in SHARED:
        built = name.replace("int_", "built_", 1)
        connection.execute(f"create or replace table conformed.{built} as from conformed.{name}")
    connection.commit()


def days_since_release(
    connection: duckdb.DuckDBPyConnection, release_id: str | None, tables: Iterable[str]
) -> dict[str, date]:
    """Return for each dated table the first day laid out anew since a release was published.

    ``date.max`` for a table of which nothing was. Empty if it was another release that was
    published from here last: then nothing is known of the differences.
    """
    if not has_table(connection, "conformed", RELEASE):
        return {}
    if connection.execute(f"select release_id from conformed.{RELEASE}").fetchall() != [
        (release_id,)
    ]:
        return {}
    laid_out = dict(
        connection.execute(
            "select table_name, min(first_day) from conformed.laid_out group by all"
        ).fetchall()
    )
    return {table: laid_out.get(table, date.max) for table in tables}


def remember_release(connection: duckdb.DuckDBPyConnection, release_id: str) -> None:
    """Record that everything built so far is published."""
    connection.begin()
    connection.execute("delete from conformed.laid_out")
    connection.execute(
        f"create or replace table conformed.{RELEASE} as select ? as release_id", [release_id]
    )
    connection.commit()
