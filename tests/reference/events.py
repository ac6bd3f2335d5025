"""When a lead or deal came into being, entered a stage, was removed and restored.

With delivered history the rows are the events, and the record only fills what they leave out;
without, the runs of its successive versions are. What changed between two events is decided in
``transitions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.reference.clock import Clock
from tests.reference.history import HistoryRow
from tests.reference.records import Version
from tests.reference.stages import StageLists

# At one instant: creation, delivered history, what is inferred from the record, removals.
CREATION, HISTORY, INFERRED, REMOVAL = range(4)


@dataclass(frozen=True)
class Event:
    """An entry into a stage (``removal`` null) or a change of the removal of a record.

    ``removal`` is merged, deleted or restored; such an event has no stage of its own.
    """

    at: datetime
    rank: int
    pipeline: str | None
    stage: str | None
    is_inferred: bool
    removal: str | None = None


@dataclass(frozen=True)
class Run:
    """Consecutive versions in one stage of one pipeline."""

    versions: tuple[Version, ...]
    is_closed: bool

    @property
    def first(self) -> Version:
        """The version that begins the run."""
        return self.versions[0]

    @property
    def closed_at(self) -> datetime | None:
        """The newest time of closing told during the run."""
        told = [version.closed_at for version in self.versions if version.closed_at]
        return told[-1] if told else None


@dataclass(frozen=True)
class Entity:
    """A lead or deal: what is known of it."""

    entity_type: str
    id: str
    versions: Sequence[Version]
    history: Sequence[HistoryRow]

    @property
    def stage_history(self) -> list[HistoryRow]:
        """The rows that tell a stage; the others tell of fields alone."""
        return [row for row in self.history if row.stage]


def events_of(entity: Entity, lists: StageLists, clock: Clock) -> list[Event]:
    """Return the events of a lead or deal in order; none if it has no dated past."""
    runs = _runs(entity, lists)
    if entity.stage_history:
        events = _from_history(entity, runs, lists, clock)
    else:
        events = _from_runs(entity, runs, lists, clock)
    if not events:
        return []
    events += _removals(entity, begin=min(event.at for event in events))
    return sorted(events, key=lambda event: (event.at, event.rank))


def _runs(entity: Entity, lists: StageLists) -> list[Run]:
    runs: list[list[Version]] = []
    for version in entity.versions:
        if version.is_absent:
            continue
        if runs and runs[-1][-1].place_in_pipeline == version.place_in_pipeline:
            runs[-1].append(version)
        else:
            runs.append([version])
    return [
        Run(
            tuple(run),
            lists.category(entity.entity_type, run[0].pipeline, run[0].stage) != "open",
        )
        for run in runs
    ]


def _created_at(entity: Entity) -> datetime | None:
    told = [version.created_at for version in entity.versions if version.created_at]
    return told[-1] if told else None


def _created_stage(
    entity: Entity, pipeline: str, at: datetime, lists: StageLists, clock: Clock
) -> str | None:
    told = [
        version.created_stage
        for version in entity.versions
        if version.created_stage and version.pipeline == pipeline
    ]
    if told:
        return told[-1]
    return lists.first_open(entity.entity_type, pipeline, clock.day_of(at))


def _from_history(entity: Entity, runs: list[Run], lists: StageLists, clock: Clock) -> list[Event]:
    events = [
        Event(row.at, HISTORY, row.pipeline, row.stage, is_inferred=row.is_inferred)
        for row in entity.stage_history
    ]
    first, last = entity.stage_history[0], entity.stage_history[-1]
    if not runs:
        return events
    created_at = _created_at(entity)
    if created_at and clock.day_of(created_at) < clock.day_of(first.at):
        stage = _created_stage(entity, first.pipeline, created_at, lists, clock)
        if stage:
            events.append(Event(created_at, CREATION, first.pipeline, stage, is_inferred=True))
    run = runs[-1]
    newest = run.versions[-1]
    differs = (last.pipeline, last.stage) != newest.place_in_pipeline
    if differs and newest.observed_at >= last.at:
        at = max(run.first.observed_at, last.at)
        if run.is_closed and run.closed_at and run.closed_at >= last.at:
            at = run.closed_at
        events.append(Event(at, INFERRED, newest.pipeline, newest.stage, is_inferred=True))
    return events


def _from_runs(entity: Entity, runs: list[Run], lists: StageLists, clock: Clock) -> list[Event]:
    if not runs:
        return []
    created_at = _created_at(entity)
    begins: list[datetime] = []
    is_dated: list[bool] = []
    latest_closing: datetime | None = None
    for run in runs:
        closed_at = run.closed_at if run.is_closed else None
        if closed_at and (latest_closing is None or closed_at > latest_closing):
            begins.append(closed_at)
            is_dated.append(True)
        else:
            observed = run.first.observed_at
            begins.append(max(observed, created_at) if created_at else observed)
            is_dated.append(run.first.has_updated_at)
        if closed_at:
            latest_closing = max(closed_at, latest_closing or closed_at)
    for index in reversed(range(len(begins) - 1)):
        begins[index] = min(begins[index], begins[index + 1])
    if created_at is None:
        was_there_at_first = runs[0].first.is_first_extraction
        if not is_dated[0] and was_there_at_first and len(entity.versions) == 1:
            return []
        created_at = begins[0]
    created_at = min(created_at, begins[0])
    pipeline = runs[0].first.pipeline
    stage = _created_stage(entity, pipeline, created_at, lists, clock)
    events = [
        Event(begin, INFERRED, run.first.pipeline, run.first.stage, is_inferred=True)
        for run, begin in zip(runs, begins, strict=True)
    ]
    if stage is None:
        return events
    return [Event(created_at, CREATION, pipeline, stage, is_inferred=True), *events]


def _removals(entity: Entity, begin: datetime) -> list[Event]:
    events = []
    was_removed = False
    for version in entity.versions:
        if (version.removal is not None) != was_removed:
            was_removed = not was_removed
            at = max(version.observed_at, begin)
            kind = version.removal or "restored"
            inferred = not version.has_updated_at
            events.append(Event(at, REMOVAL, None, None, is_inferred=inferred, removal=kind))
    return events
