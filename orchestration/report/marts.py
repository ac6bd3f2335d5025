"""Reads of a release's tables for the report: plain rows, and whether a table is there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]


class Marts:
    """The tables of one release, opened for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._columns: dict[str, set[str]] = {}
        found = connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'marts'"
        ).fetchall()
        for table, column in found:
            self._columns.setdefault(table, set()).add(column)

    def has(self, table: str, *columns: str) -> bool:
        """Return whether a table is published, with these columns."""
        return table in self._columns and set(columns) <= self._columns[table]

    def rows(self, query: str, *parameters: object) -> list[Row]:
        """Return the rows of a query, each as a mapping of its columns."""
        result = self._connection.execute(query, list(parameters))
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, query: str, *parameters: object) -> Row | None:
        """Return the first row of a query; null where there is none."""
        return next(iter(self.rows(query, *parameters)), None)

    def currency(self) -> str | None:
        """Return the currency of the amounts; null where the release holds no rates."""
        if not self.has("fct_fx_rates", "rate_source"):
            return None
        found = self.row(
            "select any_value(currency) as currency from marts.fct_fx_rates "
            "where rate_source = 'reporting currency'"
        )
        return found["currency"] if found else None


@contextmanager
def open_marts(database: Path) -> Iterator[Marts]:
    """Open the file of a release."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield Marts(connection)
