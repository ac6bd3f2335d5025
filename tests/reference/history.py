"""Delivered rows of stage history, in the order in which they happened.

The newest delivery of a row holds; its place among equal times is that of its first landing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.reference.clock import Clock
from tests.reference.given import Delivery
from tests.reference.landed import Landed, landed_versions
from tests.reference.pipelines import Pipelines
from tests.reference.records import Version
from tests.reference.stages import StageLists


@dataclass(frozen=True)
class HistoryRow:
    """An entry into a stage, with the values that it tells."""

    at: datetime
    pipeline: str
    stage: str
    values: dict[str, object]


def history_rows(
    deliveries: Sequence[Delivery],
    entity_type: str,
    records: dict[str, list[Version]],
    pipelines: Pipelines,
    lists: StageLists,
    clock: Clock,
) -> dict[str, list[HistoryRow]]:
    """Return the history of every lead or deal that has one, in order."""
    first: dict[str, Landed] = {}
    newest: dict[str, Landed] = {}
    for landed in landed_versions(deliveries, "stage_history"):
        first.setdefault(landed.record, landed)
        newest[landed.record] = landed
    rows: dict[str, list[tuple[object, HistoryRow]]] = {}
    for record, landed in newest.items():
        if landed.is_absent or landed.row["entity_type"] != entity_type:
            continue
        entity = str(landed.row["entity_id"])
        versions = records.get(entity, [])
        default = pipelines.of_record(entity_type, entity, None)
        pipeline = versions[-1].pipeline if versions else default
        row = _row(landed, entity_type, pipeline, lists, clock)
        event = landed.row.get("event_id") or ""
        number = int(event) if event.isdecimal() else None
        order = (row.at, number is None, number or 0, first[record].place)
        rows.setdefault(entity, []).append((order, row))
    return {
        entity: [row for _, row in sorted(ordered, key=lambda pair: pair[0])]  # type: ignore[arg-type,return-value]
        for entity, ordered in rows.items()
    }


def _row(
    landed: Landed,
    entity_type: str,
    pipeline: str,
    lists: StageLists,
    clock: Clock,
) -> HistoryRow:
    row = landed.row
    pipeline = row.get("pipeline") or pipeline
    stage = str(row["stage"])
    closes = lists.category(entity_type, pipeline, stage) != "open"
    at = clock.read(row["entered_at"], ends_day=closes)
    assert at is not None  # a required column
    values: dict[str, object] = {}
    if owner := row.get("owner_id"):
        values["owner"] = owner
    if amount := row.get("amount"):
        values["amount"] = Decimal(amount)
    if currency := row.get("currency"):
        values["currency"] = currency
    if expected := row.get("expected_close_date"):
        values["expected_close_date"] = date.fromisoformat(expected)
    return HistoryRow(at, pipeline, stage, values)
