"""The known truth of a company: everything that happened, and its state at any moment.

Here belong putting happenings in order and reading states from them. Making companies up belongs
to ``small_company`` and ``generate``; what a vendor can tell of them to ``projection``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from tests.crm.happenings import TRACKED, Change, EntityType, Happening, Record, Ref
from tests.crm.reference_data import Owner, Rate, StageList


@dataclass(frozen=True)
class OwnerVersion:
    """What an owner is from ``since`` on."""

    since: datetime
    owner: Owner


class Impossible(ValueError):
    """A happening that contradicts what went before."""


@dataclass
class Truth:
    """A company over time. Happenings are kept in the order of their instants and numbers.

    Two readings: what *is* at a moment (``state_at``), and what can be *seen* at a moment
    (``seen_at``), where late commits are still missing.
    """

    happenings: Sequence[Happening]
    owners: Sequence[OwnerVersion]
    stage_lists: Sequence[StageList]
    rates: Sequence[Rate] = ()
    base_currency: str = "EUR"
    _by_ref: dict[Ref, list[Happening]] = field(default_factory=dict, repr=False)
    _instants: list[datetime] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Order the happenings. Raises ``Impossible`` for one that contradicts the rest."""
        self.happenings = sorted(self.happenings, key=lambda h: h.order)
        self.stage_lists = sorted(self.stage_lists, key=lambda version: version.since)
        self.owners = sorted(self.owners, key=lambda version: version.since)
        self._instants = [h.at for h in self.happenings]
        for happening in self.happenings:
            self._by_ref.setdefault(happening.ref, []).append(happening)
        self._check()

    def refs(self, entity_type: EntityType) -> list[Ref]:
        """Return every lead or deal that ever exists, in the order of their numbers."""
        return sorted(ref for ref in self._by_ref if ref.entity_type == entity_type)

    def happenings_of(self, ref: Ref, until: datetime | None = None) -> list[Happening]:
        """Return what happened to a record, up to and including an instant."""
        return [h for h in self._by_ref.get(ref, []) if until is None or h.at <= until]

    def events_until(self, t: datetime) -> Sequence[Happening]:
        """Return everything that happened up to and including ``t``, in order."""
        return self.happenings[: bisect_right(self._instants, t)]

    def changed_between(self, a: datetime, b: datetime) -> list[Ref]:
        """Return the records to which something happened in ``[a, b)``."""
        inside = self.happenings[bisect_left(self._instants, a) : bisect_left(self._instants, b)]
        return sorted({happening.ref for happening in inside})

    def state_at(self, ref: Ref, t: datetime) -> Record | None:
        """Return a record as it is at ``t``, deleted or not; null before its creation."""
        return replay(h for h in self._by_ref.get(ref, []) if h.at <= t)

    def seen_at(self, ref: Ref, now: datetime) -> Record | None:
        """Return a record as a reader finds it at ``now``; null before it can be seen."""
        return replay(h for h in self._by_ref.get(ref, []) if h.visible_at <= now)

    def updated_at(self, ref: Ref, t: datetime) -> datetime | None:
        """Return when a record last changed, as of ``t``."""
        state = self.state_at(ref, t)
        return state.updated_at if state else None

    def changes_of(self, ref: Ref, now: datetime | None = None) -> list[Change]:
        """Return the changes of tracked fields that can be seen at ``now``, oldest first.

        The creation tells every tracked field that is filled, with a null old value.
        """
        return field_changes(
            h for h in self._by_ref.get(ref, []) if now is None or h.visible_at <= now
        )

    def stage_list_at(self, t: datetime) -> StageList:
        """Return the stage lists of a moment; the first holds backwards."""
        past = [version for version in self.stage_lists if version.since <= t]
        return past[-1] if past else self.stage_lists[0]

    def owners_at(self, t: datetime) -> list[Owner]:
        """Return every owner known at ``t``, those who left too, in the order of their numbers."""
        newest: dict[int, Owner] = {}
        for version in self.owners:
            if version.since <= t:
                newest[version.owner.number] = replace(version.owner, updated_at=version.since)
        return [newest[number] for number in sorted(newest)]

    def rates_at(self, t: datetime) -> list[Rate]:
        """Return the dated exchange rates that begin no later than the day of ``t`` in UTC."""
        return [rate for rate in self.rates if rate.day <= t.date()]

    def _check(self) -> None:
        numbers = {happening.number for happening in self.happenings}
        if len(numbers) != len(self.happenings):
            raise Impossible("two happenings have one number")
        for ref, happenings in self._by_ref.items():
            if happenings[0].kind != "created":
                raise Impossible(f"{ref} begins with {happenings[0].kind}")
            if any(h.kind == "created" for h in happenings[1:]):
                raise Impossible(f"{ref} is created twice")
            for before, after in pairwise(happenings):
                if after.visible_at < before.visible_at:
                    raise Impossible(f"{ref}: number {after.number} is seen before its past")
            for happening in happenings:
                if happening.visible_at < happening.at:
                    raise Impossible(f"{ref}: number {happening.number} is seen before it happens")
                for name, other in (
                    ("merged_into", ref.entity_type),
                    ("lead", "lead"),
                    ("deal", "deal"),
                ):
                    number = happening.values.get(name)
                    if number is not None and (other, number) not in self._by_ref:
                        raise Impossible(f"{ref} names {other} {number}, which never exists")


def replay(happenings: Iterable[Happening]) -> Record | None:
    """Return what a record's happenings, in order, make of it; null without any."""
    record: Record | None = None
    for happening in happenings:
        record = applied(record, happening)
    return record


def applied(record: Record | None, happening: Happening) -> Record:
    """Return a record after one more happening. Raises ``Impossible``."""
    at = happening.at
    if record is None:
        if happening.kind != "created":
            raise Impossible(f"{happening.ref} does not exist at {at}")
        return Record(
            ref=happening.ref,
            created_at=at,
            updated_at=at,
            stage_changed_at=at,
            **{"name": str(happening.ref).capitalize(), **happening.values},  # type: ignore[arg-type]
        )
    values: dict[str, object] = dict(happening.values)
    if _place(values, record) != (record.pipeline, record.stage, record.outcome):
        values["stage_changed_at"] = at
    return replace(record, updated_at=at, **values)  # type: ignore[arg-type]


def _place(values: dict[str, object], record: Record) -> tuple[object, object, object]:
    return (
        values.get("pipeline", record.pipeline),
        values.get("stage", record.stage),
        values.get("outcome", record.outcome),
    )


def field_changes(happenings: Iterable[Happening]) -> list[Change]:
    """Return the changes of tracked fields that one record's happenings make, in order."""
    found: list[Change] = []
    record: Record | None = None
    for happening in happenings:
        before, record = record, applied(record, happening)
        for name in TRACKED:
            old = getattr(before, name) if before else None
            new = getattr(record, name)
            if old == new:
                continue
            found.append(
                Change(
                    ref=happening.ref,
                    at=happening.at,
                    number=happening.number,
                    visible_at=happening.visible_at,
                    field=name,
                    old=old,
                    new=new,
                    is_creation=before is None,
                    by=happening.by,
                )
            )
    return found
