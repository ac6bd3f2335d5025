"""The working database of one extraction: what was delivered, before it is compared and landed.

One table, ``delivered``: ordinal and line (1-based), file, id, fingerprint, payload, problem,
problem_column. Filling it is each kind of source's business, comparing it ``compare``'s.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_MEMORY = "320MB"


def working_engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a working database on disk: memory stays flat however much is delivered."""
    connection = duckdb.connect(
        str(folder / "work.duckdb"),
        config={
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": True,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def create_delivered(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table of what was delivered."""
    connection.execute(
        "CREATE TABLE delivered (ordinal BIGINT, file VARCHAR, line BIGINT, id VARCHAR,"
        " fingerprint UBIGINT, payload VARCHAR, problem VARCHAR, problem_column VARCHAR)"
    )
