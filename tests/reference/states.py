"""What was told of a record's fields, when, and what changed by it.

Values hold from when they were told: never carried back from the version that shows an outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.events import HISTORY, INFERRED, Entity
from tests.reference.stages import StageLists
from tests.reference.transitions import Transition


@dataclass(frozen=True)
class Telling:
    """Values told at one instant; a value null was emptied."""

    at: datetime
    rank: int
    values: dict[str, object]


@dataclass(frozen=True)
class Change:
    """One change of one tracked field."""

    field: str
    old: object
    new: object
    at: datetime


def tellings_of(
    entity: Entity, transitions: Sequence[Transition], lists: StageLists
) -> list[Telling]:
    """Return everything told of a record's fields, in order."""
    told = [Telling(row.at, HISTORY, row.values) for row in entity.history]
    created_at = transitions[0].transitioned_at if transitions else None
    before: dict[str, object] | None = None
    was_closed = False
    for version in entity.versions:
        if version.is_absent:
            continue
        if before is None:
            values = {name: value for name, value in version.values.items() if value is not None}
        else:
            values = {
                name: value for name, value in version.values.items() if value != before[name]
            }
        before = version.values
        is_closed = lists.category(entity.entity_type, *version.place_in_pipeline) != "open"
        at = version.observed_at
        if is_closed and not was_closed:
            at = _closing_of(at, transitions) or at
        was_closed = is_closed
        if created_at:
            at = max(at, created_at)
        if values:
            told.append(Telling(at, INFERRED, values))
    return sorted(told, key=lambda telling: (telling.at, telling.rank))


def _closing_of(observed: datetime, transitions: Sequence[Transition]) -> datetime | None:
    """Return the closing in which a record stands when it is observed, else the next one."""
    past = [t for t in transitions if t.transitioned_at <= observed]
    if past and past[-1].to_category != "open":
        return [t for t in past if t.is_closing][-1].transitioned_at
    later = [t for t in transitions if t.is_closing and t.transitioned_at > observed]
    return later[0].transitioned_at if later else None


def state_at(told: Sequence[Telling], at: datetime) -> dict[str, object]:
    """Return the values that hold at an instant, with how often the deal was pushed."""
    state: dict[str, object] = {}
    pushes = 0
    for telling in told:
        if telling.at > at:
            continue
        before, now = state.get("expected_close_date"), telling.values.get("expected_close_date")
        if isinstance(before, date) and isinstance(now, date) and now > before:
            pushes += 1
        state.update(telling.values)
    return {**state, "push_count": pushes}


def changes_of(told: Sequence[Telling], transitions: Sequence[Transition]) -> list[Change]:
    """Return the changes of tracked fields: told values, pipeline, deletion and merge."""
    state: dict[str, object] = {}
    changes = []
    for telling in told:
        for name, value in telling.values.items():
            if state.get(name) != value:
                changes.append(Change(name, state.get(name), value, telling.at))
                state[name] = value
    removed_by = ""
    for t in transitions:
        if t.from_pipeline not in (None, t.pipeline):
            changes.append(Change("pipeline", t.from_pipeline, t.pipeline, t.transitioned_at))
        if t.transition_type in ("deleted", "merged"):
            removed_by = "merge" if t.transition_type == "merged" else "deletion"
            changes.append(Change(removed_by, False, True, t.transitioned_at))
        if t.transition_type == "restored":
            changes.append(Change(removed_by, True, False, t.transitioned_at))
    return changes
