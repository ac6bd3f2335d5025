"""The shape of a view: which table it shows, the columns it needs, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class View:
    """What one table of the schema ``marts`` shows.

    ``draw`` gets the connection and returns Markdown: a sentence with the finding, then a table.
    It is asked only if the table has every column that it needs, and must bear an empty table.
    """

    table: str
    needs: frozenset[str]
    draw: Callable[[duckdb.DuckDBPyConnection], str]


def view(table: str, *needs: str) -> Callable[[Callable[[duckdb.DuckDBPyConnection], str]], View]:
    """Make a view of the function that draws it."""

    def made(draw: Callable[[duckdb.DuckDBPyConnection], str]) -> View:
        return View(table, frozenset(needs), draw)

    return made


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """Return the rows of a query."""
    return connection.execute(query).fetchall()
