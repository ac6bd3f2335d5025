"""Access to the working DuckDB file.

Connections and small helpers belong here; what stands in the file is the business of the others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import duckdb

_LITTLE_MEMORY, _LEAST_MEMORY = "500MB", "100MB"


@contextmanager
def connect(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the working file with the session settings that every part of the night uses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(path), read_only=read_only)
    try:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = {literal(memory_limit())}")
        yield connection
    finally:
        connection.close()


@contextmanager
def little_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Leave the memory to what is computed beside the engine; what it sorts goes to disk."""
    connection.execute(f"set memory_limit = {literal(_LITTLE_MEMORY)}")
    try:
        yield
    finally:
        connection.execute(f"set memory_limit = {literal(memory_limit())}")


def give_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Free what the engine holds of what it has read, until its limit is set again."""
    connection.execute(f"set memory_limit = {literal(_LEAST_MEMORY)}")


def memory_limit() -> str:
    """Return how much memory the engine may take, as the engine writes sizes."""
    return os.environ.get("FUNNEL_MEMORY", "2GB")


def literal(value: object) -> str:
    """Return a value as an SQL literal."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case datetime():
            return f"timestamptz '{value.isoformat()}'"
        case date():
            return f"date '{value.isoformat()}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Return whether a table or view is there."""
    found = connection.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return found is not None


def tables_of(connection: duckdb.DuckDBPyConnection, schema: str) -> set[str]:
    """Return the names of a schema's tables; where many are asked for, at once."""
    return {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [schema]
        ).fetchall()
    }
