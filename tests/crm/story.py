"""Telling what happens to leads and deals, one thing after the other.

Refuses what can't happen: a move of a closed deal, a stage that the day's list lacks. The company
itself is written in ``small_company`` or made up in ``generate``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.crm.happenings import EntityType, Happening, Kind, Record, Ref, Value
from tests.crm.reference_data import Rate, StageList
from tests.crm.truth import Impossible, OwnerVersion, Truth, applied

# A deal takes these over from the lead that it comes from, unless it is told otherwise.
_INHERITED = ("owner", "account", "lead_source")


class Story:
    """Collects happenings; each record's must be told in the order of time."""

    def __init__(
        self,
        owners: Sequence[OwnerVersion],
        stage_lists: Sequence[StageList],
        rates: Sequence[Rate] = (),
        *,
        base_currency: str = "EUR",
        lag: Callable[[datetime], timedelta] = lambda at: timedelta(),
    ) -> None:
        """``lag`` says how long after an instant what happened then can first be seen."""
        self._lag = lag
        self._owners = owners
        self._lists = sorted(stage_lists, key=lambda version: version.since)
        self._rates = rates
        self._base_currency = base_currency
        self._happenings: list[Happening] = []
        self._records: dict[Ref, Record] = {}
        self._seen: dict[Ref, datetime] = {}
        self._count = {"lead": 0, "deal": 0}

    def truth(self) -> Truth:
        """Return the company as told so far."""
        return Truth(
            tuple(self._happenings), self._owners, self._lists, self._rates, self._base_currency
        )

    def now(self, ref: Ref) -> Record:
        """Return a record as it was told last."""
        return self._records[ref]

    def refs(self, entity_type: EntityType) -> list[Ref]:
        """Return every lead or deal told so far, in the order of their numbers."""
        return [Ref(entity_type, n) for n in range(1, self._count[entity_type] + 1)]

    def list_at(self, at: datetime) -> StageList:
        """Return the stage lists of a moment; the first holds backwards."""
        place = bisect_right(self._lists, at, key=lambda version: version.since)
        return self._lists[max(0, place - 1)]

    def lead(self, at: datetime, stage: str, *, pipeline: str = "leads", **values: Any) -> Ref:
        """Create a lead; further values are fields of ``Record``."""
        return self._create("lead", at, pipeline, stage, values)

    def deal(self, at: datetime, stage: str, *, pipeline: str = "new", **values: Any) -> Ref:
        """Create a deal; further values are fields of ``Record``, ``outcome`` too."""
        return self._create("deal", at, pipeline, stage, values)

    def move(self, ref: Ref, at: datetime, stage: str, pipeline: str | None = None) -> None:
        """Move an open record to a stage, perhaps of another pipeline."""
        self._must_be(ref, "open", at)
        values: dict[str, Value] = {"stage": stage}
        if pipeline is not None:
            values["pipeline"] = pipeline
        self._must_have_stage(ref, at, pipeline or self.now(ref).pipeline, stage)
        self._add(ref, at, "moved", values)

    def change(self, ref: Ref, at: datetime, **values: Value) -> None:
        """Change fields other than the stage and the outcome."""
        if {"stage", "pipeline", "outcome"} & set(values):
            raise Impossible("a change of the place is a move")
        self._add(ref, at, "changed", values)

    def win(self, ref: Ref, at: datetime, **values: Value) -> None:
        """Close a deal as won; also one that was lost."""
        self._close(ref, at, "won", values)

    def lose(self, ref: Ref, at: datetime, reason: str | None = None, **values: Value) -> None:
        """Close a deal as lost, or disqualify a lead."""
        self._close(ref, at, "lost", {"loss_reason": reason, **values})

    def convert(
        self,
        ref: Ref,
        at: datetime,
        stage: str | None = None,
        *,
        pipeline: str = "new",
        **deal: Any,
    ) -> Ref | None:
        """Convert a lead; with a stage, into a deal that is created at the same instant."""
        if stage is None:
            self._close(ref, at, "won", {})
            return None
        lead = self.now(ref)
        inherited = {name: getattr(lead, name) for name in _INHERITED}
        made = self.deal(at, stage, pipeline=pipeline, **{**inherited, "lead": ref.number, **deal})
        self._close(ref, at, "won", {"deal": made.number})
        return made

    def reopen(self, ref: Ref, at: datetime, stage: str | None = None) -> None:
        """Open a closed record again, in a stage or (null) where it was."""
        if self.now(ref).outcome == "open":
            raise Impossible(f"{ref} is open at {at}")
        stage = stage or self.now(ref).stage
        self._must_have_stage(ref, at, self.now(ref).pipeline, stage)
        values: dict[str, Value] = {"stage": stage, "outcome": "open"}
        self._add(ref, at, "reopened", {**values, "closed_at": None, "loss_reason": None})

    def delete(self, ref: Ref, at: datetime) -> None:
        """Delete a record."""
        self._add(ref, at, "deleted", {"deleted_at": at})

    def restore(self, ref: Ref, at: datetime) -> None:
        """Bring a deleted record back."""
        if not self.now(ref).is_deleted or self.now(ref).merged_into is not None:
            raise Impossible(f"{ref} can't be restored at {at}")
        self._add(ref, at, "restored", {"deleted_at": None}, removed=True)

    def merge(self, ref: Ref, at: datetime, into: Ref) -> None:
        """Merge a record away into another, which is touched by it."""
        self._add(ref, at, "merged", {"deleted_at": at, "merged_into": into.number})
        self.touch(into, at)

    def archive(self, ref: Ref, at: datetime) -> None:
        """Put a record into the archive."""
        self._add(ref, at, "archived", {"archived_at": at})

    def unarchive(self, ref: Ref, at: datetime) -> None:
        """Take a record out of the archive."""
        self._add(ref, at, "unarchived", {"archived_at": None})

    def touch(self, ref: Ref, at: datetime) -> None:
        """Move nothing but the time of the last change."""
        self._add(ref, at, "touched", {})

    def commit_late(self, ref: Ref, lag: timedelta) -> None:
        """Let the newest happening of a record be seen only after a lag."""
        for place in reversed(range(len(self._happenings))):
            happening = self._happenings[place]
            if happening.ref == ref:
                seen = happening.at + lag
                self._seen[ref] = seen
                self._happenings[place] = replace(happening, visible_at=seen)
                return

    def _create(
        self, entity_type: Any, at: datetime, pipeline: str, stage: str, values: dict[str, Any]
    ) -> Ref:
        self._count[entity_type] += 1
        ref = Ref(entity_type, self._count[entity_type])
        self._must_have_stage(ref, at, pipeline, stage)
        if values.get("outcome", "open") != "open":
            values = {"closed_at": at, **values}
        self._add(ref, at, "created", {"pipeline": pipeline, "stage": stage, **values})
        return ref

    def _close(self, ref: Ref, at: datetime, outcome: Kind, values: dict[str, Value]) -> None:
        if self.now(ref).outcome == outcome:
            raise Impossible(f"{ref} is {outcome} already at {at}")
        closing: dict[str, Value] = {"outcome": outcome, "closed_at": at}
        self._add(ref, at, outcome, {"loss_reason": None, **closing, **values})

    def _must_be(self, ref: Ref, outcome: str, at: datetime) -> None:
        if self.now(ref).outcome != outcome:
            raise Impossible(f"{ref} is {self.now(ref).outcome} at {at}")

    def _must_have_stage(self, ref: Ref, at: datetime, pipeline: str, stage: str) -> None:
        try:
            found = self.list_at(at).pipeline(ref.entity_type, pipeline).stage(stage)
        except KeyError as error:
            raise Impossible(f"{ref} at {at}: {error.args[0]}") from error
        if found.category != "open":
            raise Impossible(f"{ref} at {at}: {stage} is closed, which is an outcome")

    def _add(
        self, ref: Ref, at: datetime, kind: Kind, values: dict[str, Any], *, removed: bool = False
    ) -> None:
        before = self._records.get(ref)
        if before and at < before.updated_at:
            raise Impossible(f"{ref}: {kind} at {at} is told after {before.updated_at}")
        if before and before.is_deleted and not removed:
            raise Impossible(f"{ref} is removed at {at}")
        # Neither before its own past nor before the record that it names.
        named = [Ref(kind_, values[name]) for name, kind_ in self._named(ref) if values.get(name)]
        seen = max([at + self._lag(at), *(self._seen.get(each, at) for each in (ref, *named))])
        self._seen[ref] = seen
        number = len(self._happenings) + 1
        by = values.get("owner", before.owner if before else None)
        happening = Happening(ref, at, seen, number, kind, values, by)
        self._records[ref] = applied(before, happening)
        self._happenings.append(happening)

    @staticmethod
    def _named(ref: Ref) -> list[tuple[str, EntityType]]:
        return [("merged_into", ref.entity_type), ("lead", "lead"), ("deal", "deal")]
