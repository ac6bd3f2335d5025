"""How far a lead or deal came in a pipeline, when, and how it ended.

Counting journeys belongs to ``funnel``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.reference.days import REMOVED, is_removed, stage_since
from tests.reference.stages import StageLists
from tests.reference.transitions import Transition


@dataclass(frozen=True)
class Journey:
    """A record's way through one pipeline; rank n is the n-th open stage, past all: won.

    ``marks`` say that stages up to a rank were passed at a time; ``ended_at`` is the removal of a
    removed record, else its last closing (null: never closed).
    """

    marks: tuple[tuple[datetime, int], ...]
    touched: frozenset[int]
    category: str
    is_removed: bool
    ended_at: datetime | None

    def passed_at(self, rank: int) -> datetime | None:
        """Return when a stage or a later one was first entered, if it was."""
        return min((at for at, reached in self.marks if reached >= rank), default=None)


@dataclass(frozen=True)
class Fate:
    """What became of a lead's deal: won (once is enough), lost (removed too) or open.

    ``at`` is null for what is open, and where nothing is dated.
    """

    kind: str
    at: datetime | None = None


def journey_of(
    passed: Sequence[Transition],
    entity_type: str,
    pipeline: str,
    stages: Sequence[str],
    lists: StageLists,
    converted_at: datetime | None = None,
) -> Journey | None:
    """Return a record's journey through one pipeline, or null if it passed nothing there.

    ``stages`` are the pipeline's open stages in order; ``converted_at`` is what a lead's record
    says of its conversion, which counts where its status doesn't tell.
    """
    outcome = len(stages) + 1
    places = set()
    marks = []
    was_here = False
    for t in _entries(passed):
        if t.pipeline != pipeline or t.to_category == "lost":
            continue
        was_here = True
        if t.to_category == "won":
            rank = outcome
            places.add(rank)
        elif t.to_stage in stages:
            rank = stages.index(t.to_stage) + 1
            places.add(rank)
        else:
            # A stage off the newest list is behind those that lie before its place.
            order = lists.order(entity_type, pipeline, t.to_stage)
            rank = sum(lists.order(entity_type, pipeline, stage) <= order for stage in stages)
        if rank:
            marks.append((t.transitioned_at, rank))
    now = stage_since(passed)
    closed_at = _last_closing(passed)
    if was_here and now.pipeline != pipeline and now.to_category == "won" and closed_at:
        marks.append((closed_at, outcome))
    if was_here and converted_at and now.to_category != "won":
        marks.append((converted_at, outcome))
        places.add(outcome)
    if not marks:
        return None
    if any(t.to_category == "won" for t in passed):
        places.add(outcome)  # all won stages are one, of whatever pipeline
    removed = is_removed(passed)
    removals = [t.transitioned_at for t in passed if t.transition_type in REMOVED]
    ended_at = removals[-1] if removed else closed_at
    return Journey(tuple(marks), frozenset(places), now.to_category, removed, ended_at)


def fate_of(passed: Sequence[Transition], lists: StageLists) -> Fate:
    """Return what became of a lead's deal."""
    if is_removed(passed):
        removals = [t.transitioned_at for t in passed if t.transition_type in REMOVED]
        return Fate("lost", removals[-1])
    if any(t.to_category == "won" for t in passed):
        won = []
        for pipeline in {t.pipeline for t in passed}:
            stages = lists.open_stages("deal", pipeline)
            journey = journey_of(passed, "deal", pipeline, stages, lists) if stages else None
            won.append(journey.passed_at(len(stages) + 1) if journey else None)
        return Fate("won", min((at for at in won if at), default=_last_closing(passed)))
    category = stage_since(passed).to_category
    return Fate(category, _last_closing(passed) if category == "lost" else None)


def _entries(passed: Sequence[Transition]) -> list[Transition]:
    return [t for t in passed if t.transition_type not in (*REMOVED, "restored")]


def _last_closing(passed: Sequence[Transition]) -> datetime | None:
    return max((t.transitioned_at for t in passed if t.is_closing), default=None)
