"""The counts of the conversion funnel, all time and over all dimensions.

A deal passes a stage when it enters it or a later one; won lies behind all stages, lost behind
none. What was removed counts in the rows of the first stage only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.reference.days import REMOVED, is_removed, stage_since
from tests.reference.stages import StageLists
from tests.reference.transitions import Transition

FunnelKey = tuple[str, str, str, str]
COUNTS = ("entered", "entered_touched", "reached", "touched", "lost", "still_open", "removed")


@dataclass(frozen=True)
class _Journey:
    """How far a record came in one pipeline: 0 nowhere, n the n-th open stage, past all: won."""

    furthest: int
    touched: frozenset[int]
    category: str
    is_removed: bool


def funnel_of(
    deals: Mapping[str, Sequence[Transition]],
    leads: Mapping[str, Sequence[Transition]],
    undated: Mapping[str, str],
    links: Mapping[str, set[str]],
    lists: StageLists,
) -> dict[FunnelKey, dict[str, int]]:
    """Return the counts of each (entity type, pipeline, from stage, to stage).

    ``deals`` and ``leads`` hold the transitions up to the reported day; ``undated`` the fate (won,
    lost or open) of deals without any; ``links`` the deals of each lead.
    """
    rows: dict[FunnelKey, dict[str, int]] = {}
    for pipeline in lists.pipelines("deal"):
        stages = lists.open_stages("deal", pipeline)
        for passed in deals.values():
            journey = _journey(passed, "deal", pipeline, stages, lists)
            if journey is None:
                continue
            for place, stage in enumerate(stages, start=1):
                to_next = stages[place] if place < len(stages) else "won"
                key = ("deal", pipeline, stage)
                _count(rows, (*key, to_next), journey, place, place + 1)
                if to_next != "won":
                    _count(rows, (*key, "won"), journey, place, len(stages) + 1)
    for pipeline in lists.pipelines("lead"):
        stages = lists.open_stages("lead", pipeline)
        for lead, passed in leads.items():
            journey = _journey(passed, "lead", pipeline, stages, lists)
            if journey is None:
                continue
            fates = [
                _fate(deals[deal]) if deal in deals else undated[deal]
                for deal in sorted(links.get(lead, ()))
                if deal in deals or deal in undated
            ]
            for place, stage in enumerate(stages, start=1):
                to_next = stages[place] if place < len(stages) else "converted"
                key = ("lead", pipeline, stage)
                _count(rows, (*key, to_next), journey, place, place + 1)
                _count_won(rows, (*key, "won"), journey, place, fates)
    return rows


def _journey(
    passed: Sequence[Transition],
    entity_type: str,
    pipeline: str,
    stages: Sequence[str],
    lists: StageLists,
) -> _Journey | None:
    """Return a record's journey through one pipeline, or null if it was never in it."""
    entries = [
        (t.to_stage, t.to_category)
        for t in passed
        if t.pipeline == pipeline and t.transition_type not in (*REMOVED, "restored")
    ]
    if not entries:
        return None
    places = set()
    passed_to = 0
    for stage, category in entries:
        if category == "open":
            # A stage off the newest list is behind those that lie before its place.
            order = lists.order(entity_type, pipeline, stage)
            if stage in stages:
                places.add(stages.index(stage) + 1)
            else:
                reached = [s for s in stages if lists.order(entity_type, pipeline, s) <= order]
                passed_to = max(passed_to, len(reached))
        elif category == "won":
            places.add(len(stages) + 1)
    furthest = max([passed_to, *places])
    if furthest == 0:
        return None  # it was only ever lost here
    now = stage_since(passed)
    if now.pipeline != pipeline and now.to_category == "won":
        furthest = len(stages) + 1
    if any(t.to_category == "won" for t in passed):
        places.add(len(stages) + 1)  # all won stages are one, of whatever pipeline
    return _Journey(furthest, frozenset(places), now.to_category, is_removed(passed))


def _count(
    rows: dict[FunnelKey, dict[str, int]], key: FunnelKey, journey: _Journey, at: int, to: int
) -> None:
    if journey.furthest < at or (journey.is_removed and at > 1):
        return
    row = rows.setdefault(key, dict.fromkeys(COUNTS, 0))
    row["entered"] += 1
    row["entered_touched"] += at in journey.touched
    if journey.is_removed:
        row["removed"] += 1
    elif journey.furthest >= to:
        row["reached"] += 1
        row["touched"] += to in journey.touched
    elif journey.category == "lost":
        row["lost"] += 1
    else:
        row["still_open"] += 1


def _fate(passed: Sequence[Transition]) -> str:
    """Return what became of a lead's deal: won (once is enough), lost (removed too) or open."""
    if is_removed(passed):
        return "lost"
    if any(t.to_category == "won" for t in passed):
        return "won"
    return stage_since(passed).to_category


def _count_won(
    rows: dict[FunnelKey, dict[str, int]],
    key: FunnelKey,
    journey: _Journey,
    at: int,
    fates: Sequence[str],
) -> None:
    """Count a lead on its way to a won deal."""
    if journey.furthest < at or (journey.is_removed and at > 1):
        return
    row = rows.setdefault(key, dict.fromkeys(COUNTS, 0))
    row["entered"] += 1
    row["entered_touched"] += at in journey.touched
    if journey.is_removed:
        row["removed"] += 1
    elif "won" in fates:
        row["reached"] += 1
        row["touched"] += 1
    elif journey.category == "lost" or (fates and "open" not in fates):
        row["lost"] += 1
    else:
        row["still_open"] += 1
