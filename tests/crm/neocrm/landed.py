"""What landed from 销售易, and what should have, as plain rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing import Landing
from orchestration.sources.compare import scan_of
from orchestration.sources.neocrm.objects import OBJECTS
from tests.crm.happenings import EntityType
from tests.crm.neocrm.nights import SECRETS, SOURCE
from tests.crm.standins.neocrm import Neocrm

_KINDS: dict[str, EntityType] = {"leads": "lead", "opportunities": "deal"}


def landed(landing: Landing, table: str, columns: str) -> list[tuple[Any, ...]]:
    """Return every landed row of a table, in order."""
    files = landing.files(SOURCE, table)
    if not files:
        return []
    sql = f"select {columns} from {scan_of(files)} order by load_id, ordinal"
    return duckdb.sql(sql).fetchall()


def newest(landing: Landing, table: str) -> dict[str, Any]:
    """Return the newest version of each record that was not removed, by its id."""
    found: dict[str, Any] = {}
    for id_, is_deleted, payload in landed(landing, table, "id, is_deleted, payload"):
        if is_deleted:
            found.pop(id_, None)
        else:
            found[id_] = json.loads(payload)
    return found


def there(standin: Neocrm, table: str) -> dict[str, Any]:
    """Return every lead or opportunity that can be read."""
    kind = _KINDS[table]
    make = standin.shapes.lead if kind == "lead" else standin.shapes.deal
    records = standin.view.records(kind, standin.now)
    rows = [make(record) for record in records if not record.is_deleted]
    return {str(row["id"]): row for row in rows}


def doubled(landing: Landing, table: str) -> list[str]:
    """Return the ids of records of which a version landed twice in a row."""
    last: dict[str, str] = {}
    found = []
    for id_, payload in landed(landing, table, "id, payload"):
        if last.get(id_) == payload:
            found.append(id_)
        last[id_] = payload
    return found


def shown_secrets(root: Path, told: list[str]) -> list[str]:
    """Return the secrets that show in what was told, in manifests or in landed rows."""
    texts = [*told, *(path.read_text("utf-8") for path in root.rglob("*.json"))]
    for item in OBJECTS:
        texts += [str(row) for row in landed(Landing(root), item.name, "id, file, payload")]
    return [secret for secret in SECRETS if any(secret in text for text in texts)]
