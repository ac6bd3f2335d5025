"""What landed from a source, as plain rows. What should have belongs to the CRM's folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing import Landing
from orchestration.sources.compare import scan_of


def landed(
    landing: Landing, source: str, table: str, columns: str = "id, payload"
) -> list[tuple[Any, ...]]:
    """Return every landed row of a table, in order."""
    files = landing.files(source, table)
    if not files:
        return []
    sql = f"select {columns} from {scan_of(files)} order by load_id, ordinal"
    return duckdb.sql(sql).fetchall()


def newest(landing: Landing, source: str, table: str) -> dict[str, Any]:
    """Return the newest version of each record that was not removed, by its id."""
    found: dict[str, Any] = {}
    columns = "id, is_deleted, payload, problem"
    for id_, is_deleted, payload, problem in landed(landing, source, table, columns):
        assert problem is None, problem
        if is_deleted:
            found.pop(id_, None)
        else:
            found[id_] = json.loads(payload)
    return found


def doubled(landing: Landing, source: str, table: str) -> list[str]:
    """Return the ids of records of which one version landed twice in a row."""
    last: dict[str, str] = {}
    found: list[str] = []
    for id_, is_deleted, payload in landed(landing, source, table, "id, is_deleted, payload"):
        text = "" if is_deleted else payload
        if last.get(id_) == text:
            found.append(id_)
        last[id_] = text
    return found


def shown_secrets(folder: Path, secrets: Iterable[str], told: Iterable[str]) -> list[str]:
    """Return the secrets that stand in a file of the landing, in its data or in what was said."""
    texts = [*told]
    for file in folder.rglob("*"):
        if file.suffix == ".parquet":
            texts.append(str(duckdb.sql(f"select * from read_parquet('{file}')").fetchall()))
        elif file.is_file():
            texts.append(file.read_text("utf-8", "replace"))
    return [secret for secret in secrets if any(secret in text for text in texts)]
