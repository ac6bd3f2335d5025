"""Reads of the published file for the terminal: the same tables that analysts query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.home import Home


@dataclass(frozen=True)
class Published:
    """The published night, opened for reading."""

    connection: duckdb.DuckDBPyConnection
    database: Path

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the schema ``marts``."""
        return self.connection.execute(query, list(parameters)).fetchall()

    def as_of(self) -> date | None:
        """Return the last day that the night reports."""
        found = self.rows("select max(as_of) from marts.mart_forecast")
        return found[0][0] if found else None


@contextmanager
def open_published(home: Home) -> Iterator[Published]:
    """Open the release that readers see now; the link is resolved first, so it stays one night."""
    database = home.published.resolve() / "funnel.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield Published(connection, database)
