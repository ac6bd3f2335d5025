"""A folder of exports, its landing, and the nights that read it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing import Landing
from orchestration.settings import FilesSource
from orchestration.sources.files import ExtractResult, extract_table


class Nights:
    """A folder of exports, its landing and the nights that pass."""

    def __init__(self, root: Path) -> None:
        self.exports = root / "exports"
        self.exports.mkdir()
        self.landing = Landing(root / "landing")
        self.night = 0
        self.mode = "changes"
        self.tables: dict[str, Any] = {}

    @property
    def source(self) -> FilesSource:
        return FilesSource.model_validate(
            {
                "name": "acme",
                "type": "files",
                "path": self.exports,
                "mode": self.mode,
                "tables": self.tables,
            }
        )

    def deliver(self, name: str, content: str | bytes) -> None:
        path = self.exports / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def extract(self, table: str = "deals") -> ExtractResult:
        self.night += 1
        return extract_table(
            self.source,
            table,
            self.landing,
            known_at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=self.night),
            as_of=date(2023, 12, 31) + timedelta(days=self.night),
        )

    def landed(self, columns: str, table: str = "deals") -> list[tuple[Any, ...]]:
        files = ", ".join(f"'{path}'" for path in self.landing.files("acme", table))
        if not files:
            return []
        return duckdb.execute(
            f"SELECT {columns} FROM read_parquet([{files}]) ORDER BY load_id, ordinal"
        ).fetchall()
