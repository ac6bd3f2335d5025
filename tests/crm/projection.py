"""What a vendor can tell of the truth, night by night, in the shape of the data contract.

Gives the deliveries from which the reference (``tests/reference``) says what the facts must be.
The base tells everything; a vendor's own projection says what it leaves out and how it spells ids,
stages and times. Nothing of the product is used here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.happenings import EntityType, Happening, Record, Ref, Value
from tests.crm.reference_data import StageList
from tests.crm.truth import Truth, applied
from tests.crm.view import View
from tests.reference.given import Delivery, Row, Rules


@dataclass(frozen=True)
class CrmNight:
    """A night: the last business day that it reports, and when its extraction starts (UTC)."""

    as_of: date
    starts_at: datetime


def nights_between(
    first: date, last: date, *, missed: Iterable[date] = (), at: time = time(0, 2)
) -> list[CrmNight]:
    """Return a night for each reported day but the missed ones, run at ``at`` UTC the next day."""
    left_out = set(missed)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [
        CrmNight(day, datetime.combine(day + timedelta(days=1), at, ZoneInfo("UTC")))
        for day in days
        if day not in left_out
    ]


class Projection:
    """One vendor's way of telling. Subclasses set the class variables or override methods."""

    # How the past is told: rows of stage history with the values after each change, a log of
    # property changes, or not at all. Per entity type, since leads often have less.
    deal_history: Literal["rows", "changes", "none"] = "rows"
    lead_history: Literal["rows", "changes", "none"] = "rows"
    # The fields besides the place that history tells.
    history_fields: tuple[str, ...] = ("amount", "currency", "expected_close_date", "owner")
    # In a log: whether each change tells the value before, whether the values at the creation have
    # entries of their own, and whether won and lost are told as a status beside the stage.
    has_old_values = True
    logs_creation = False
    has_status = False
    history_is_complete = True
    # What tells a removal: the record's own row, a feed of ids, or that the record is missing.
    removal: Literal["row", "feed", "absence"] = "row"
    tells_merges = True
    # Whether the past of a removed record can still be read.
    history_of_removed = True
    # Instants are cut off to this fineness.
    precision = timedelta(microseconds=1)

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.view = View(truth)

    # How the vendor spells things.

    def id(self, ref: Ref) -> str:
        """Return the vendor's id of a lead or deal."""
        return f"{ref.entity_type}-{ref.number}"

    def owner(self, number: int | None) -> str | None:
        """Return the vendor's id of an owner."""
        return None if number is None else f"owner-{number}"

    def pipeline(self, entity_type: EntityType, key: str, at: datetime) -> str | None:
        """Return what stands for a pipeline in the vendor's records at a moment."""
        return key

    def stage(self, entity_type: EntityType, pipeline: str, key: str, at: datetime) -> str:
        """Return what stands for a stage, ``won`` and ``lost`` too, at a moment."""
        return key

    def time(self, at: datetime) -> str:
        """Return an instant as text, cut off to the vendor's fineness."""
        epoch = datetime.fromtimestamp(0, at.tzinfo)
        return (at - (at - epoch) % self.precision).isoformat()

    # The nights.

    def deliveries(self, nights: Sequence[CrmNight]) -> list[Delivery]:
        """Return what the landing is given over the nights, in order.

        Each night gives two: lists that come whole, and records with their past. What a night
        brings again without a change is no new version, so every night tells all that is visible.
        """
        found: list[Delivery] = []
        for number, night in enumerate(nights):
            is_first = number == 0
            lists = {
                "stages": self.stage_rows(self.truth.stage_list_at(night.starts_at)),
                "owners": self.owner_rows(night.starts_at),
            }
            found.append(Delivery(night.as_of, night.starts_at, is_first, "full", lists))
            mode = "full" if self.removal == "absence" else "changes"
            records = self.record_tables(night.starts_at)
            found.append(Delivery(night.as_of, night.starts_at, is_first, mode, records))
            past = self.past_tables(night.starts_at)
            if past:
                found.append(Delivery(night.as_of, night.starts_at, is_first, "changes", past))
        return found

    def rules(self, as_of: date) -> Rules:
        """Return the settings under which the reference reads the deliveries."""
        return Rules(as_of=as_of, business_timezone=BUSINESS_TIMEZONE)

    def record_tables(self, now: datetime) -> dict[str, list[Row]]:
        """Return the deals and leads that can be read at a moment."""
        return {
            "deals": [self.deal_row(r) for r in self.view.records("deal", now) if self.shows(r)],
            "leads": [self.lead_row(r) for r in self.view.records("lead", now) if self.shows(r)],
        }

    def past_tables(self, now: datetime) -> dict[str, list[Row]]:
        """Return the history, changes and deletions that can be read at a moment."""
        tables: dict[str, list[Row]] = {}
        kinds: tuple[tuple[EntityType, str], ...] = (
            ("deal", self.deal_history),
            ("lead", self.lead_history),
        )
        for entity_type, kind in kinds:
            for record in self.view.records(entity_type, now):
                if self.removal == "feed" and record.is_deleted:
                    tables.setdefault("deletions", []).append(self.deletion_row(record))
                if record.is_deleted and not self.history_of_removed:
                    continue
                past = self.view.happenings(record.ref, now)
                if kind == "rows":
                    tables.setdefault("stage_history", []).extend(self.history_rows(past))
                elif kind == "changes":
                    tables.setdefault("changes", []).extend(self.change_rows(past))
        return tables

    def shows(self, record: Record) -> bool:
        """Whether the vendor's lists hold a record, as it is now."""
        return self.removal == "row" or not record.is_deleted

    # The rows.

    def deal_row(self, record: Record) -> Row:
        """Return a deal as a row of ``deals``."""
        at = record.updated_at
        closed_at = record.closed_at
        return {
            "deal_id": self.id(record.ref),
            "pipeline": self.pipeline("deal", record.pipeline, at),
            "stage": self.stage("deal", record.pipeline, record.place, at),
            "created_at": self.time(record.created_at),
            "closed_at": None if closed_at is None else self.time(closed_at),
            "updated_at": self.time(at),
            "amount": text(record.amount),
            "currency": record.currency,
            "expected_close_date": text(record.expected_close_date),
            "owner_id": self.owner(record.owner),
            "lead_id": None if record.lead is None else self.id(Ref("lead", record.lead)),
            "is_deleted": text(record.is_deleted),
            "merged_into_id": self._merged_into(record),
        }

    def lead_row(self, record: Record) -> Row:
        """Return a lead as a row of ``leads``."""
        at = record.updated_at
        converted_at = record.closed_at if record.outcome == "won" else None
        return {
            "lead_id": self.id(record.ref),
            "pipeline": self.pipeline("lead", record.pipeline, at),
            "status": self.stage("lead", record.pipeline, record.place, at),
            "created_at": self.time(record.created_at),
            "converted_at": None if converted_at is None else self.time(converted_at),
            "converted_deal_id": None if record.deal is None else self.id(Ref("deal", record.deal)),
            "updated_at": self.time(at),
            "owner_id": self.owner(record.owner),
            "is_deleted": text(record.is_deleted),
        }

    def deletion_row(self, record: Record) -> Row:
        """Return a removed record as a row of ``deletions``."""
        assert record.deleted_at is not None
        return {
            "entity_type": record.ref.entity_type,
            "entity_id": self.id(record.ref),
            "deleted_at": self.time(record.deleted_at),
            "merged_into_id": self._merged_into(record),
        }

    def history_rows(self, past: Sequence[Happening]) -> list[Row]:
        """Return a row of ``stage_history`` for each happening that history tells of."""
        rows: list[Row] = []
        for happening, before, record in steps(past):
            if before is not None and self._told(before) == self._told(record):
                continue
            kind = happening.ref.entity_type
            values = {name: getattr(record, name) for name in self.history_fields}
            rows.append(
                {
                    "entity_type": kind,
                    "entity_id": self.id(happening.ref),
                    "pipeline": self.pipeline(kind, record.pipeline, happening.at),
                    "stage": self.stage(kind, record.pipeline, record.place, happening.at),
                    "entered_at": self.time(happening.at),
                    "amount": text(values.get("amount")),
                    "currency": values.get("currency"),
                    "expected_close_date": text(values.get("expected_close_date")),
                    "owner_id": self.owner(values.get("owner")),
                    "event_id": str(happening.number),
                }
            )
        return rows

    def change_rows(self, past: Sequence[Happening]) -> list[Row]:
        """Return a row of ``changes`` for each change of a property that the log tells."""
        rows: list[Row] = []
        for happening, before, record in steps(past):
            if before is None and not self.logs_creation:
                continue
            old = self._properties(before, happening.at) if before else {}
            new = self._properties(record, happening.at)
            for name, value in new.items():
                if old.get(name) == value:
                    continue
                rows.append(
                    {
                        "record_id": f"{happening.number}-{name}",
                        "entity_type": happening.ref.entity_type,
                        "entity_id": self.id(happening.ref),
                        "field": name,
                        "old_value": old.get(name) if self.has_old_values else None,
                        "new_value": value,
                        "has_old_value": text(self.has_old_values),
                        "changed_at": self.time(happening.at),
                        "change_number": str(happening.number),
                        "history_is_complete": text(self.history_is_complete),
                    }
                )
        return rows

    def stage_rows(self, lists: StageList) -> list[Row]:
        """Return the stage lists of a moment as rows of ``stages``."""
        return [
            {
                "entity_type": pipeline.entity_type,
                "pipeline": self.pipeline(pipeline.entity_type, pipeline.key, lists.since),
                "stage": self.stage(pipeline.entity_type, pipeline.key, stage.key, lists.since),
                "position": str(stage.position),
                "category": stage.category,
            }
            for pipeline in lists.pipelines
            for stage in pipeline.stages
        ]

    def owner_rows(self, now: datetime) -> list[Row]:
        """Return the owners of a moment as rows of ``owners``."""
        return [
            {
                "owner_id": self.owner(owner.number),
                "name": owner.name,
                "team": owner.team,
                "manager_id": self.owner(owner.manager),
                "region": owner.region,
                "is_active": text(owner.is_active),
            }
            for owner in self.truth.owners_at(now)
        ]

    def _merged_into(self, record: Record) -> str | None:
        if record.merged_into is None or not self.tells_merges:
            return None
        return self.id(Ref(record.ref.entity_type, record.merged_into))

    def _told(self, record: Record) -> tuple[object, ...]:
        values = (getattr(record, name) for name in self.history_fields)
        return (record.pipeline, record.place, *values)

    def _properties(self, record: Record, at: datetime) -> dict[str, str | None]:
        """Return what a log calls a record's fields, with their values as text."""
        kind = record.ref.entity_type
        key = record.stage if self.has_status else record.place
        found = {
            "pipeline": self.pipeline(kind, record.pipeline, at),
            "stage": self.stage(kind, record.pipeline, key, at),
        }
        if self.has_status:
            found["status"] = record.outcome
        for name in self.history_fields:
            if name == "owner":
                found["owner_id"] = self.owner(record.owner)
            else:
                found[name] = text(getattr(record, name))
        return found


class SnapshotProjection(Projection):
    """A vendor that tells only what its records are at the moment of each night."""

    deal_history = "none"
    lead_history = "none"
    removal = "absence"
    tells_merges = False


def steps(past: Iterable[Happening]) -> Iterable[tuple[Happening, Record | None, Record]]:
    """Give each happening of one record with the record before (null: none yet) and after it."""
    record: Record | None = None
    for happening in past:
        before, record = record, applied(record, happening)
        yield happening, before, record


def text(value: Value) -> str | None:
    """Return a value as a cell of a delivery."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
