"""Every published mart in a working file: empty, and with good rows in some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.support.good_marts import empty_marts, fill


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_marts(tmp_path / "warehouse.duckdb") as connection:
        yield connection


@pytest.fixture
def good(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    fill(warehouse)
    return warehouse
