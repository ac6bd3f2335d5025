"""Rows of stage history, delivered or made of logged changes, in the order in which they happened.

The newest delivery of a row holds; its place among equal times is that of its first landing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.reference.clock import Clock
from tests.reference.given import Delivery
from tests.reference.landed import Landed, newest_rows
from tests.reference.logs import VALUES, LoggedRow, logged_rows, value_of
from tests.reference.pipelines import Pipelines
from tests.reference.records import Version
from tests.reference.stages import StageLists


@dataclass(frozen=True)
class HistoryRow:
    """An entry into a stage, with the values that it tells; without a stage, values alone.

    ``number`` orders rows at one instant, null after all numbers; ``is_logged`` marks those made
    of logged changes, of which the creation has the number 0.
    """

    at: datetime
    pipeline: str
    stage: str | None
    values: dict[str, object]
    is_inferred: bool = False
    number: int | None = None
    is_logged: bool = False


def history_rows(
    deliveries: Sequence[Delivery],
    entity_type: str,
    records: dict[str, list[Version]],
    pipelines: Pipelines,
    lists: StageLists,
    clock: Clock,
) -> dict[str, list[HistoryRow]]:
    """Return the history of every lead or deal that has one, in order."""

    def pipeline_of(entity: str) -> str:
        live = [version for version in records.get(entity, []) if not version.is_absent]
        return live[-1].pipeline if live else pipelines.of_record(entity_type, entity, None)

    told = []
    for landed, place in newest_rows(deliveries, "stage_history"):
        if landed.row["entity_type"] == entity_type:
            entity = str(landed.row["entity_id"])
            row = _delivered(landed, entity_type, pipeline_of(entity), lists, clock)
            told.append((entity, place, row))
    for (kind, entity), logged in logged_rows(deliveries, clock).items():
        if kind == entity_type:
            pipeline = pipeline_of(entity)
            told += [(entity, row.place, _logged(row, pipeline)) for row in logged]
    rows: dict[str, list[tuple[object, HistoryRow]]] = {}
    for entity, place, row in told:
        order = (row.at, row.number is None, row.number or 0, place)
        rows.setdefault(entity, []).append((order, row))
    return {
        entity: [row for _, row in sorted(ordered, key=lambda pair: pair[0])]  # type: ignore[arg-type,return-value]
        for entity, ordered in rows.items()
    }


def _logged(row: LoggedRow, pipeline: str) -> HistoryRow:
    return HistoryRow(
        row.at,
        row.pipeline or pipeline,
        row.stage,
        row.values,
        number=row.number,
        is_logged=True,
    )


def _delivered(
    landed: Landed,
    entity_type: str,
    pipeline: str,
    lists: StageLists,
    clock: Clock,
) -> HistoryRow:
    row = landed.row
    pipeline = row.get("pipeline") or pipeline
    stage = row.get("stage")
    closes = stage is not None and lists.category(entity_type, pipeline, stage) != "open"
    at = clock.read(row["entered_at"], ends_day=closes)
    assert at is not None  # a required column
    emptied = (row.get("emptied") or "").split(",")
    values = {
        name: value_of(field, row.get(field))
        for field, name in VALUES.items()
        if row.get(field) or field in emptied
    }
    number = row.get("event_number") or row.get("event_id") or ""
    return HistoryRow(
        at,
        pipeline,
        stage,
        values,
        is_inferred=row.get("is_inferred") == "true",
        number=int(number) if number.isdecimal() else None,
    )
