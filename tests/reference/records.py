"""Versions of deals and leads with types: what a record said, and when that was observed.

A lead's status is a stage here and its conversion a closing, so that both kinds of record read
alike. When something happened is decided in ``events``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tests.reference.clock import Clock
from tests.reference.given import Delivery
from tests.reference.landed import Landed, Place, landed_versions
from tests.reference.pipelines import Pipelines


@dataclass(frozen=True)
class Version:
    """One version of a deal or lead; ``values`` are the fields told day by day."""

    place: Place
    observed_at: datetime
    has_updated_at: bool
    is_first_extraction: bool
    is_absent: bool
    stage: str
    pipeline: str
    created_stage: str | None
    created_at: datetime | None
    closed_at: datetime | None
    values: dict[str, object]
    is_deleted: bool
    merged_into: str | None
    link: str | None
    lead_source: str | None
    region: str | None

    @property
    def removal(self) -> str | None:
        """How the record is removed, if it is; a merge matters more than a deletion."""
        if self.merged_into:
            return "merged"
        return "deleted" if self.is_deleted else None

    @property
    def place_in_pipeline(self) -> tuple[str, str]:
        """Pipeline and stage."""
        return self.pipeline, self.stage


def observed_at(landed: Landed, clock: Clock) -> datetime:
    """Return when a version without a date of its own was observed."""
    return min(clock.end_of(landed.night.as_of), landed.night.known_at)


def record_versions(
    deliveries: Sequence[Delivery], table: str, pipelines: Pipelines, clock: Clock
) -> dict[str, list[Version]]:
    """Return the versions of every deal or lead, oldest first, deletions among them."""
    records: dict[str, list[Version]] = {}
    for id, landed in _in_order(deliveries, table, clock):
        versions = records.setdefault(id, [])
        before = versions[-1] if versions else None
        if landed.record != id:  # what a feed of deletions tells has an id of its own
            version = _deletion(landed, clock, before)
        else:
            version = _version(landed, table, pipelines, clock, before)
        if before and version.observed_at < before.observed_at:
            version = replace(version, observed_at=before.observed_at)
        versions.append(version)
    return records


def _in_order(deliveries: Sequence[Delivery], table: str, clock: Clock) -> list[tuple[str, Landed]]:
    """Return (id, version) with each deletion at its place among the versions of its record.

    It follows all that was known in its night, but not a version changed later than it.
    """
    order: dict[str, list[Landed]] = {}
    for landed in landed_versions(deliveries, table):
        order.setdefault(landed.record, []).append(landed)
    for landed in landed_versions(deliveries, "deletions"):
        if landed.row["entity_type"] != table.removesuffix("s"):
            continue
        versions = order.setdefault(str(landed.row["entity_id"]), [])
        deleted_at = clock.read(landed.row.get("deleted_at"), ends_day=False)
        place = sum(version.place[0] <= landed.place[0] for version in versions)
        for index, version in enumerate(versions[:place]):
            updated_at = clock.read(version.row.get("updated_at"), ends_day=True)
            if deleted_at and updated_at and updated_at > deleted_at:
                place = index
                break
        versions.insert(place, landed)
    return [(id, landed) for id, versions in order.items() for landed in versions]


def _deletion(landed: Landed, clock: Clock, before: Version | None) -> Version:
    """Return the version that a feed of deletions makes: that before it, removed."""
    deleted_at = clock.read(landed.row.get("deleted_at"), ends_day=False)
    merged_into = landed.row.get("merged_into_id") or (before.merged_into if before else None)
    return Version(
        place=landed.place,
        observed_at=deleted_at or observed_at(landed, clock),
        has_updated_at=deleted_at is not None,
        is_first_extraction=landed.night.is_first_extraction,
        is_absent=True,
        stage=before.stage if before else "",
        pipeline=before.pipeline if before else "",
        created_stage=None,
        created_at=None,
        closed_at=None,
        values={},
        is_deleted=True,
        merged_into=merged_into,
        link=None,
        lead_source=None,
        region=None,
    )


def _version(
    landed: Landed, table: str, pipelines: Pipelines, clock: Clock, before: Version | None
) -> Version:
    if landed.is_absent:
        assert before is not None  # only what landed can be missed
        return replace(
            before,
            place=landed.place,
            observed_at=observed_at(landed, clock),
            has_updated_at=False,
            is_first_extraction=landed.night.is_first_extraction,
            is_absent=True,
            is_deleted=True,
        )
    row, lead = landed.row, table == "leads"
    updated_at = clock.read(row.get("updated_at"), ends_day=True)
    amount, expected = row.get("amount"), row.get("expected_close_date")
    values: dict[str, object] = {"owner": row.get("owner_id")}
    if not lead:
        values["amount"] = None if amount is None else Decimal(amount)
        values["currency"] = row.get("currency")
        values["expected_close_date"] = None if expected is None else date.fromisoformat(expected)
    return Version(
        place=landed.place,
        observed_at=updated_at or observed_at(landed, clock),
        has_updated_at=updated_at is not None,
        is_first_extraction=landed.night.is_first_extraction,
        is_absent=False,
        stage=str(row["status" if lead else "stage"]),
        pipeline=pipelines.of_record(
            "lead" if lead else "deal", landed.record, row.get("pipeline")
        ),
        created_stage=row.get("created_status" if lead else "created_stage"),
        created_at=clock.read(row.get("created_at"), ends_day=False),
        closed_at=clock.read(row.get("converted_at" if lead else "closed_at"), ends_day=True),
        values=values,
        is_deleted=row.get("is_deleted") == "true",
        merged_into=row.get("merged_into_id"),
        link=row.get("converted_deal_id" if lead else "lead_id"),
        lead_source=row.get("lead_source"),
        region=row.get("region"),
    )
