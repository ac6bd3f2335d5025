"""What landed from Pipedrive, and what should have, as plain rows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing import Landing
from orchestration.sources.compare import scan_of
from tests.crm.pipedrive.nights import SECRETS, SOURCE
from tests.crm.standins import pipedrive_records as shapes
from tests.crm.standins.pipedrive import Pipedrive

TABLES = ("pipelines", "stages", "users", "leads", "deals", "deal_changes")
_EXTRA = ("source_lead_id", "first_won_time")
_CHANGE = ("field_key", "old_value", "new_value", "time")


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


def deals_there(standin: Pipedrive) -> dict[str, Any]:
    """Return every deal that can be read, deleted and archived ones too."""
    return {
        str(record.ref.number): shapes.deal(record, standin.numbers, _EXTRA)
        for record in standin.view.records("deal", standin.now)
    }


def leads_there(standin: Pipedrive) -> dict[str, Any]:
    """Return every lead that is one, archived ones too."""
    return {
        shapes.lead_id(record.ref.number): shapes.lead(record)
        for record in standin.view.records("lead", standin.now)
        if shapes.is_listed_lead(record)
    }


def changes_there(standin: Pipedrive) -> Counter[tuple[str, ...]]:
    """Return every logged change of every deal, with how often it is logged."""
    return Counter(
        (str(record.ref.number), *(str(row[key]) for key in _CHANGE))
        for record in standin.view.records("deal", standin.now)
        for row in shapes.log(standin.view.happenings(record.ref, standin.now), standin.numbers)
    )


def changes_landed(landing: Landing) -> Counter[tuple[str, ...]]:
    """Return every landed change, with how often it landed."""
    found: Counter[tuple[str, ...]] = Counter()
    for id_, payload in landed(landing, "deal_changes", "id, payload"):
        row = json.loads(payload)
        found[(id_.split("|")[0], *(str(row[key]) for key in _CHANGE))] += 1
    return found


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
    landing = Landing(root)
    for table in TABLES:
        texts += [str(row) for row in landed(landing, table, "id, file, payload")]
    return [secret for secret in SECRETS if any(secret in text for text in texts)]
