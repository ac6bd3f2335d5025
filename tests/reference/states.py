"""What was told of a record's fields, when, and what changed by it.

Values hold from when they were told: never carried back from the version that shows an outcome.
Of a field whose changes are logged, the record tells only what the log does not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.events import HISTORY, INFERRED, Entity
from tests.reference.records import Version
from tests.reference.stages import StageLists
from tests.reference.transitions import Transition


@dataclass(frozen=True)
class Telling:
    """Values told at one instant; a value null was emptied."""

    at: datetime
    rank: int
    values: dict[str, object]
    is_inferred: bool = True


@dataclass(frozen=True)
class Change:
    """One change of one tracked field."""

    field: str
    old: object
    new: object
    at: datetime
    is_inferred: bool


def tellings_of(
    entity: Entity, transitions: Sequence[Transition], lists: StageLists
) -> list[Telling]:
    """Return everything told of a record's fields, in order."""
    created_at = transitions[0].transitioned_at if transitions else None
    told = [
        # What is told of a time before the creation holds from the creation.
        Telling(max(row.at, created_at or row.at), HISTORY, row.values, row.is_inferred)
        for row in entity.history
    ]
    reached = _reached_by_log(entity, told)
    by_log: dict[str, object] = {}
    if reached:
        for telling in sorted(told, key=lambda telling: telling.at):
            by_log.update(telling.values)
    ends_at = max((telling.at for telling in told), default=None)
    live = [version for version in entity.versions if not version.is_absent]
    was_closed = False
    for index, version in enumerate(live):
        values = _changed_values(version, live[index - 1] if index else None)
        is_closed = lists.category(entity.entity_type, *version.place_in_pipeline) != "open"
        at = version.observed_at
        if is_closed and not was_closed:
            at = _closing_of(at, transitions) or at
        was_closed = is_closed
        if created_at:
            at = max(at, created_at)
        after_log = {}
        for name in list(values):
            if name in reached and version.observed_at >= reached[name]:
                value = values.pop(name)
                later = [
                    _changed_values(v, live[n]) for n, v in enumerate(live[index + 1 :], index)
                ]
                is_last = not any(name in changed for changed in later)
                if is_last and value != by_log[name]:
                    after_log[name] = value
        if values:
            told.append(Telling(at, INFERRED, values))
        if after_log and ends_at and live[-1].observed_at >= ends_at:
            told.append(Telling(max(version.observed_at, ends_at), INFERRED, after_log))
    return sorted(told, key=lambda telling: (telling.at, telling.rank))


def _changed_values(version: Version, before: Version | None) -> dict[str, object]:
    """Return the values that a version tells: the filled ones of the first, then what differs."""
    if before is None:
        return {name: value for name, value in version.values.items() if value is not None}
    return {name: value for name, value in version.values.items() if value != before.values[name]}


def _reached_by_log(entity: Entity, told: Sequence[Telling]) -> dict[str, datetime]:
    """Return since when the log knows each field that it saw change."""
    logged = [
        (row, telling) for row, telling in zip(entity.history, told, strict=True) if row.is_logged
    ]
    changed = {name for row, _ in logged if row.number for name in row.values}
    return {
        name: min(telling.at for row, telling in logged if name in row.values) for name in changed
    }


def _closing_of(observed: datetime, transitions: Sequence[Transition]) -> datetime | None:
    """Return the closing in which a record stands when it is observed, else the next one.

    A closing of the very instant counts, also where the record is open again at its end.
    """
    past = [t for t in transitions if t.transitioned_at <= observed]
    if past and past[-1].to_category != "open":
        return [t for t in past if t.is_closing][-1].transitioned_at
    later = [t for t in transitions if t.is_closing and t.transitioned_at >= observed]
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
                change = Change(name, state.get(name), value, telling.at, telling.is_inferred)
                changes.append(change)
                state[name] = value
    removed_by = ""
    for t in transitions:
        when = (t.transitioned_at, t.is_inferred)
        if t.from_pipeline not in (None, t.pipeline):
            changes.append(Change("pipeline", t.from_pipeline, t.pipeline, *when))
        if t.transition_type in ("deleted", "merged"):
            removed_by = "merge" if t.transition_type == "merged" else "deletion"
            changes.append(Change(removed_by, False, True, *when))
        if t.transition_type == "restored":
            changes.append(Change(removed_by, True, False, *when))
    return changes
