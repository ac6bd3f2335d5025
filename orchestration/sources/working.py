"""The working database of one extraction: what was delivered, before it is compared and landed.

One table, ``delivered``: ordinal and line (1-based), file, id, fingerprint, payload, problem,
problem_column. Filling it is each kind of source's business, comparing it ``compare``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import duckdb

from orchestration.landing.envelope import quote_literal

_MEMORY = "320MB"
_numbers = count(1)


@contextmanager
def working_engine(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend a working database on disk: memory stays flat however much is delivered.

    One engine serves all extractions of a process, one after the other, each with a file of its
    own in its folder: opening an engine takes longer than all else in a small extraction.
    """
    engine = _engine_spilling_to(folder / "spill")
    name = f"work_{next(_numbers)}"
    engine.execute(f"ATTACH {quote_literal(str(folder / 'work.duckdb'))} AS {name}")
    try:
        with engine.cursor() as connection:
            connection.execute(f"USE {name}")
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    finally:
        engine.execute(f"DETACH {name}")


def _engine_spilling_to(spill: Path) -> duckdb.DuckDBPyConnection:
    change = f"SET temp_directory = {quote_literal(str(spill))}"
    try:
        return _engine().execute(change)
    except duckdb.Error:
        # It has spilled before, and can't do so elsewhere.
        _engine.cache_clear()
        return _engine().execute(change)


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"memory_limit": _MEMORY, "preserve_insertion_order": True})


def create_delivered(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table of what was delivered."""
    connection.execute(
        "CREATE TABLE delivered (ordinal BIGINT, file VARCHAR, line BIGINT, id VARCHAR,"
        " fingerprint UBIGINT, payload VARCHAR, problem VARCHAR, problem_column VARCHAR)"
    )
