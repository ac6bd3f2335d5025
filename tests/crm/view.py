"""What can be read of a company at the present moment, kept up as the moment moves on.

A stand-in asks for every record on every page; replaying the past each time would take minutes on
a large company, so the view replays only what became visible since it was last asked.
"""

from __future__ import annotations

from datetime import datetime

from tests.crm.happenings import Change, EntityType, Happening, Record, Ref
from tests.crm.truth import Truth, applied, field_changes


class View:
    """The visible records of a company. Going back in time replays from the beginning."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        # Per record this is the order of its happenings too: the truth has checked that.
        self._order = sorted(truth.happenings, key=lambda h: (h.visible_at, h.order))
        self._restart()

    def records(self, entity_type: EntityType, now: datetime) -> list[Record]:
        """Return every visible lead or deal, removed ones too, in the order of their numbers."""
        self._move_to(now)
        if entity_type not in self._sorted:
            of_type = (r for ref, r in self._records.items() if ref.entity_type == entity_type)
            self._sorted[entity_type] = sorted(of_type, key=lambda record: record.ref)
        return self._sorted[entity_type]

    def record(self, ref: Ref, now: datetime) -> Record | None:
        """Return one record, null if it can't be seen."""
        self._move_to(now)
        return self._records.get(ref)

    def happenings(self, ref: Ref, now: datetime) -> list[Happening]:
        """Return what can be seen of a record's past, in order."""
        self._move_to(now)
        return self._past.get(ref, [])

    def changes(self, ref: Ref, now: datetime) -> list[Change]:
        """Return the visible changes of a record's tracked fields, oldest first."""
        return field_changes(self.happenings(ref, now))

    def _restart(self) -> None:
        self._next = 0
        self._records: dict[Ref, Record] = {}
        self._past: dict[Ref, list[Happening]] = {}
        self._sorted: dict[EntityType, list[Record]] = {}
        self._now: datetime | None = None

    def _move_to(self, now: datetime) -> None:
        if self._now is not None and now < self._now:
            self._restart()
        self._now = now
        while self._next < len(self._order) and self._order[self._next].visible_at <= now:
            happening = self._order[self._next]
            self._next += 1
            ref = happening.ref
            self._records[ref] = applied(self._records.get(ref), happening)
            self._past.setdefault(ref, []).append(happening)
            self._sorted.pop(ref.entity_type, None)
