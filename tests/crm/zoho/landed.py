"""What landed from Zoho, and what should have, as plain rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing import Landing
from orchestration.sources.compare import scan_of
from tests.crm.standins.zoho import Zoho
from tests.crm.zoho.nights import SECRETS, SOURCE

MODULES = {"leads": "Leads", "deals": "Deals", "deal_history": "DealHistory"}
# Change without a new time of change: names of stages and pipelines, probabilities, rates.
_SILENT = ("Stage", "Moved_To__s", "Pipeline", "Probability", "Exchange_Rate", "Line_Items")


def landed(landing: Landing, table: str) -> list[tuple[str, bool, str, str | None]]:
    """Return every landed row of a table in order: id, whether deleted, payload, problem."""
    files = landing.files(SOURCE, table)
    if not files:
        return []
    sql = f"select id, is_deleted, payload, problem from {scan_of(files)} order by load_id, ordinal"
    return duckdb.sql(sql).fetchall()


def newest(landing: Landing, table: str) -> dict[str, Any]:
    """Return the newest version of each record that was not removed, by its id."""
    found: dict[str, Any] = {}
    for id_, is_deleted, payload, problem in landed(landing, table):
        assert problem is None, problem
        if is_deleted:
            found.pop(id_, None)
        else:
            found[id_] = json.loads(payload)
    return found


def differences(landing: Landing, standin: Zoho, *, silent: bool = False) -> list[str]:
    """Return a line for each record that the landing lacks or has otherwise than Zoho.

    What was deleted stays in the landing, so it is left out. Without ``silent``, fields that
    change without a new time of change don't count.
    """
    lines: list[str] = []
    for table, module in MODULES.items():
        got = newest(landing, table)
        for row in standin.rows_of(module):
            wanted = {name: value for name, value in row.items() if name != "Line_Items"}
            found = got.get(row["id"])
            if found is None:
                lines.append(f"{table} {row['id']} is missing")
                continue
            names = wanted.keys() | found.keys()
            lines += [
                f"{table} {row['id']}: {name} is {found.get(name)}, not {wanted.get(name)}"
                for name in sorted(names)
                if (silent or name not in _SILENT) and found.get(name) != wanted.get(name)
            ]
    return lines


def deleted_differences(landing: Landing, standin: Zoho) -> list[str]:
    """Return a line for each record that landed and is there no more, if its deletion didn't."""
    lines: list[str] = []
    for kind, table in (("deal", "deals"), ("lead", "leads")):
        told = newest(landing, f"deleted_{table}")
        there = {row["id"] for row in standin.rows_of(table.capitalize())}
        lines += [
            f"{kind} {id_} was deleted"
            for id_ in newest(landing, table)
            if id_ not in there | told.keys()
        ]
    return lines


def doubled(landing: Landing, table: str) -> list[str]:
    """Return the ids of records of which one version landed twice in a row."""
    last: dict[str, str] = {}
    found: list[str] = []
    for id_, is_deleted, payload, _ in landed(landing, table):
        text = "" if is_deleted else payload
        if last.get(id_) == text:
            found.append(id_)
        last[id_] = text
    return found


def shown_secrets(folder: Path, told: list[str]) -> list[str]:
    """Return the secrets that stand in a file of the landing, in its data or in what was said."""
    texts = [*told]
    for file in folder.rglob("*"):
        if file.suffix == ".parquet":
            texts.append(str(duckdb.sql(f"select * from read_parquet('{file}')").fetchall()))
        elif file.is_file():
            texts.append(file.read_text("utf-8", "replace"))
    return [secret for secret in SECRETS if any(secret in text for text in texts)]
