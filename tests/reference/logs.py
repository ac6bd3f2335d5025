"""Logged changes of single fields, as rows of a record's history.

At each moment stand the stage and pipeline in which the record then was, if one of them changed,
and the fields that changed. Which events these rows make is decided in ``events``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.reference.clock import Clock
from tests.reference.given import Delivery, Row
from tests.reference.landed import Place, landed_versions, newest_rows

VALUES = {"amount": "amount", "currency": "currency", "owner_id": "owner"} | {
    "expected_close_date": "expected_close_date"
}
FIELDS = ("stage", "pipeline", "status", *VALUES)
RECORD_TABLES = {"deal": "deals", "lead": "leads"}
Key = tuple[str, str]


@dataclass(frozen=True)
class LoggedRow:
    """A moment of a record's log: ``number`` orders those of one instant, the creation has 0."""

    at: datetime
    number: int
    place: Place
    pipeline: str | None
    stage: str | None
    values: dict[str, object]


@dataclass(frozen=True)
class _Change:
    at: datetime
    order: tuple[bool, int, Place]
    field: str
    old: str | None
    new: str | None


def value_of(field: str, text: str | None) -> object:
    """Return a field's text as the value it stands for."""
    if text is None:
        return None
    if field == "amount":
        return Decimal(text)
    return date.fromisoformat(text[:10]) if field == "expected_close_date" else text


def logged_rows(deliveries: Sequence[Delivery], clock: Clock) -> dict[Key, list[LoggedRow]]:
    """Return the rows that each lead's or deal's log makes, in order, by (entity type, id)."""
    read: dict[Key, list[tuple[Row, Place]]] = {}
    for landed, place in newest_rows(deliveries, "changes"):
        key = (str(landed.row["entity_type"]), str(landed.row["entity_id"]))
        read.setdefault(key, []).append((landed.row, place))
    staged = {
        (str(landed.row["entity_type"]), str(landed.row["entity_id"]))
        for landed, _ in newest_rows(deliveries, "stage_history")
        if landed.row.get("stage")
    }
    return {
        key: _rows_of(key, rows, _record_of(deliveries, *key), key in staged, clock)
        for key, rows in read.items()
    }


def _record_of(deliveries: Sequence[Delivery], entity_type: str, id: str) -> list[Row]:
    """Return what the record's versions said, oldest first."""
    return [
        landed.row
        for landed in landed_versions(deliveries, RECORD_TABLES[entity_type])
        if landed.record == id and not landed.is_absent
    ]


def _rows_of(
    key: Key, rows: list[tuple[Row, Place]], record: list[Row], is_staged: bool, clock: Clock
) -> list[LoggedRow]:
    changes = sorted(
        (_change(row, place, clock) for row, place in rows if row.get("field")),
        key=lambda change: (change.at, change.order),
    )
    is_complete = all(row.get("history_is_complete") == "true" for row, _ in rows)
    before: dict[str, str] = {}
    for field in FIELDS:
        of_field = [change for change in changes if change.field == field]
        if of_field:
            value = of_field[0].old
        elif is_complete:
            value = _recorded(field, key[0], record, is_staged, has_status_changes(changes))
        else:
            value = None
        if value is not None:
            before[field] = value
    told = [row["created_at"] for row in record if row.get("created_at")]
    steps: dict[tuple[datetime, int], list[_Change]] = {}
    repeats: Counter[tuple[datetime, str]] = Counter()
    for change in changes:
        repeats[change.at, change.field] += 1
        steps.setdefault((change.at, repeats[change.at, change.field]), []).append(change)
    found = []
    state = {field: before[field] for field in FIELDS if field in before}
    created_at = clock.read(told[-1], ends_day=False) if told else None
    if created_at and before:
        at = min([created_at, *(change.at for change in changes[:1])])
        first = min(place for _, place in rows)
        found.append(_row(at, 0, first, state, dict(before)))
    for (at, number), step in sorted(steps.items(), key=lambda entry: entry[0]):
        new = {change.field: change.new for change in step}
        state.update({field: value for field, value in new.items() if value is not None})
        found.append(_row(at, number, min(change.order[2] for change in step), state, new))
    return found


def has_status_changes(changes: Sequence[_Change]) -> bool:
    """Whether the record's closing is kept as a status of its own."""
    return any(change.field == "status" for change in changes)


def _change(row: Row, place: Place, clock: Clock) -> _Change:
    at = clock.read(row["changed_at"], ends_day=False)
    assert at is not None  # a change has a time
    number = row.get("change_number")
    return _Change(
        at,
        (number is None, int(number or 0), place),
        str(row["field"]),
        row.get("old_value") if row.get("has_old_value") == "true" else None,
        row.get("new_value"),
    )


def _recorded(
    field: str, entity_type: str, record: list[Row], is_staged: bool, has_status: bool
) -> str | None:
    """Return what the record's first version says of a field without a change."""
    if not record or field == "status" or (field == "stage" and is_staged):
        return None
    if field != "stage":
        return record[0].get(field)
    names = ("created_stage", "stage") if entity_type == "deal" else ("created_status", "status")
    told = [row[names[0]] for row in record if row.get(names[0])]
    if told:
        return told[0]
    shown = record[0][names[1]]
    return None if has_status and shown in ("won", "lost") else shown


def _row(
    at: datetime, number: int, place: Place, state: dict[str, str], new: dict[str, str | None]
) -> LoggedRow:
    moves = any(field in new for field in ("stage", "pipeline", "status"))
    status = state.get("status")
    stage = status if status in ("won", "lost") else state.get("stage")
    return LoggedRow(
        at,
        number,
        place,
        state.get("pipeline") if moves else None,
        stage if moves else None,
        {
            name: value_of(field, value)
            for field, value in new.items()
            if (name := VALUES.get(field))
        },
    )
