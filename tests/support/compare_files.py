"""Differences between the files that nights end in: two warehouses, a warehouse and a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.publication.release_files import DATABASE, PARQUET

Rows = list[tuple[object, ...]]


def differences_of_files(extended: Path, anew: Path, kept: Sequence[str]) -> list[str]:
    """Return a line for each table that two warehouses don't hold alike.

    Marts are compared row for row in the order in which they lie, ``kept`` tables as sets.
    """
    lines: list[str] = []
    with (
        duckdb.connect(str(extended), read_only=True) as here,
        duckdb.connect(str(anew), read_only=True) as there,
    ):
        names, others = _tables(here, kept), _tables(there, kept)
        if names != others:
            lines.append(f"only one has {sorted(set(names) ^ set(others))}")
        for schema, name in names:
            query = f"select * from {schema}.{name}"
            mine, other = here.execute(query).fetchall(), there.execute(query).fetchall()
            if mine == other:
                continue
            counted = Counter(map(repr, mine)), Counter(map(repr, other))
            only = [sorted((a - b).elements()) for a, b in (counted, counted[::-1])]
            if any(only):
                lines.append(
                    f"{schema}.{name}: {len(only[0])} rows only night by night, such as"
                    f" {only[0][:2]}; {len(only[1])} only anew, such as {only[1][:2]}"
                )
            elif schema == "marts":
                lines.append(f"{schema}.{name}: the same rows in another order")
    return lines


def _tables(connection: duckdb.DuckDBPyConnection, kept: Sequence[str]) -> list[tuple[str, str]]:
    return connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where schema_name = 'marts' or (schema_name = 'conformed' and table_name in ?)"
        " order by all",
        [list(kept)],
    ).fetchall()


def marts_of(file: Path, tables: Sequence[str] = ()) -> dict[str, Rows]:
    """Return the marts in a DuckDB file (default: all), rows in the order in which they lie."""
    with duckdb.connect(str(file), read_only=True) as connection:
        names = tables or [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts' order by all"
            ).fetchall()
        ]
        return {name: connection.execute(f"from marts.{name}").fetchall() for name in names}


def differences_of_release(release: Path, expected: Mapping[str, Rows]) -> list[str]:
    """Return a line for each table that a release's file or its Parquet does not hold as expected.

    Rows have to lie in the same order; files of months follow each other by their names.
    """
    found = marts_of(release / DATABASE)
    lines = [f"only one has {table}" for table in sorted(found.keys() ^ expected.keys())]
    for table in sorted(found.keys() & expected.keys()):
        if found[table] != expected[table]:
            lines.append(f"{table}: other rows in the release's file than expected")
        files = sorted((release / PARQUET / table).iterdir())
        rows: Rows = []
        with duckdb.connect() as connection:
            for file in files:
                rows += connection.execute("from read_parquet(?)", [str(file)]).fetchall()
        if rows != expected[table]:
            lines.append(f"{table}: other rows in the release's Parquet than expected")
    return lines
