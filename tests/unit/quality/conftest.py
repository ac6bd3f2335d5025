"""Every published mart in a working file: empty, and with good rows in some."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.engine import connect
from tests.support.good_marts import create_empty_marts, fill


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("marts") / "empty.duckdb"
    with connect(file) as connection:
        create_empty_marts(connection)
    return file


@pytest.fixture(scope="session")
def good_file(empty_file: Path) -> Path:
    file = Path(shutil.copy(empty_file, empty_file.with_name("good.duckdb")))
    with connect(file) as connection:
        fill(connection)
    return file


@pytest.fixture
def warehouse(empty_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Path(shutil.copy(empty_file, tmp_path / "warehouse.duckdb"))) as connection:
        yield connection


@pytest.fixture
def good(good_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Path(shutil.copy(good_file, tmp_path / "warehouse.duckdb"))) as connection:
        yield connection
