"""The versions of records that a sequence of deliveries leaves in the landing.

A delivered row is compared with the latest version of its record; a record that a full delivery
lacks gets a tombstone. Types and meaning come later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.reference.given import FEEDS, KEYS, TABLES, Delivery, Row

Place = tuple[int, int, int]


@dataclass(frozen=True)
class Landed:
    """One landed version; ``place`` orders versions by night, table and row."""

    record: str
    place: Place
    night: Delivery
    row: Row
    is_absent: bool = False


def record_id(table: str, row: Row) -> str:
    """Return what identifies a row's record inside its table."""
    if table == "stage_history" and row.get("record_id"):
        return str(row["record_id"])
    if table == "stage_history" and row.get("event_id"):
        return str(row["event_id"])
    return "|".join(row.get(column) or "" for column in KEYS[table])


def landed_versions(deliveries: Sequence[Delivery], table: str) -> list[Landed]:
    """Return the versions of one table in the order of their landing."""
    versions: list[Landed] = []
    newest: dict[str, Landed] = {}
    for number, night in enumerate(deliveries):
        if table not in night.tables:
            continue
        delivered: set[str] = set()
        place = (number, TABLES.index(table), 0)
        for row in night.tables[table]:
            place = (place[0], place[1], place[2] + 1)
            record = record_id(table, row)
            delivered.add(record)
            before = newest.get(record)
            if before is None or before.is_absent or before.row != row:
                newest[record] = Landed(record, place, night, row)
                versions.append(newest[record])
        if night.mode != "full" or table in FEEDS:
            continue
        for record in sorted(newest):
            if record not in delivered and not newest[record].is_absent:
                place = (place[0], place[1], place[2] + 1)
                newest[record] = Landed(record, place, night, {}, is_absent=True)
                versions.append(newest[record])
    return versions


def newest_rows(deliveries: Sequence[Delivery], table: str) -> list[tuple[Landed, Place]]:
    """Return each row that was not withdrawn, in its newest version, with its first place."""
    first: dict[str, Place] = {}
    newest: dict[str, Landed] = {}
    for landed in landed_versions(deliveries, table):
        first.setdefault(landed.record, landed.place)
        newest[landed.record] = landed
    return [(landed, first[record]) for record, landed in newest.items() if not landed.is_absent]
