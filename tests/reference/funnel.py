"""The counts of the conversion funnel, all time and over all dimensions.

A deal passes a stage when it enters it or a later one; won lies behind all stages, lost behind
none. What was removed counts in the rows of the first stage only. How a single record fared belongs
to ``journeys``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.reference.journeys import Fate, Journey, fate_of, journey_of
from tests.reference.stages import StageLists
from tests.reference.transitions import Transition

FunnelKey = tuple[str, str, str, str]
COUNTS = ("entered", "entered_touched", "reached", "touched", "lost", "still_open", "removed")


@dataclass
class Step:
    """What became of those who passed a stage: counts, and after how many days by end.

    An end is ``reached``, ``ended`` (lost or removed) or ``still_open``.
    """

    counts: Counter[str] = field(default_factory=Counter)
    by_day: Counter[tuple[int, str]] = field(default_factory=Counter)


def funnel_of(
    deals: Mapping[str, Sequence[Transition]],
    leads: Mapping[str, Sequence[Transition]],
    undated: Mapping[str, str],
    links: Mapping[str, set[str]],
    conversions: Mapping[str, datetime],
    lists: StageLists,
    as_of_end: datetime,
) -> dict[FunnelKey, Step]:
    """Return what became of each (entity type, pipeline, from stage, to stage).

    ``deals`` and ``leads`` hold the transitions up to the reported day, which ends at
    ``as_of_end``; ``undated`` the fate (won, lost or open) of deals without any; ``links`` the
    deals of each lead; ``conversions`` when the record of a lead says that it was converted.
    """
    steps: dict[FunnelKey, Step] = {}
    for pipeline in lists.pipelines("deal"):
        stages = lists.open_stages("deal", pipeline)
        for passed in deals.values():
            journey = journey_of(passed, "deal", pipeline, stages, lists)
            for place, stage in enumerate(stages, start=1):
                to_next = stages[place] if place < len(stages) else "won"
                key = ("deal", pipeline, stage)
                _count(steps, (*key, to_next), journey, place, place + 1, as_of_end)
                if to_next != "won":
                    _count(steps, (*key, "won"), journey, place, len(stages) + 1, as_of_end)
    for pipeline in lists.pipelines("lead"):
        stages = lists.open_stages("lead", pipeline)
        for lead, passed in leads.items():
            told = conversions.get(lead)
            journey = journey_of(passed, "lead", pipeline, stages, lists, told)
            fates = [
                fate_of(deals[deal], lists) if deal in deals else Fate(undated[deal])
                for deal in sorted(links.get(lead, ()))
                if deal in deals or deal in undated
            ]
            for place, stage in enumerate(stages, start=1):
                to_next = stages[place] if place < len(stages) else "converted"
                key = ("lead", pipeline, stage)
                _count(steps, (*key, to_next), journey, place, place + 1, as_of_end)
                _count_won(steps, (*key, "won"), journey, place, fates, as_of_end)
    return steps


def _count(
    steps: dict[FunnelKey, Step],
    key: FunnelKey,
    journey: Journey | None,
    at: int,
    to: int,
    as_of_end: datetime,
) -> None:
    if journey is None:
        return
    reached_at = journey.passed_at(to)
    if reached_at:
        end, ended_at = "reached", reached_at
    elif journey.category == "lost":
        end, ended_at = "lost", journey.ended_at or as_of_end
    else:
        end, ended_at = "still_open", as_of_end
    _add(steps, key, journey, at, end, ended_at, to in journey.touched)


def _count_won(
    steps: dict[FunnelKey, Step],
    key: FunnelKey,
    journey: Journey | None,
    at: int,
    fates: Sequence[Fate],
    as_of_end: datetime,
) -> None:
    """Count a lead on its way to a won deal."""
    if journey is None:
        return
    kinds = {fate.kind for fate in fates}
    if "won" in kinds:
        times = [fate.at for fate in fates if fate.kind == "won" and fate.at]
        end, ended_at = "reached", min(times, default=as_of_end)
    elif journey.category == "lost" or kinds == {"lost"}:
        # Its own loss, or that of its last deal, whichever came first.
        ends = [journey.ended_at] if journey.category == "lost" and journey.ended_at else []
        losses = [fate.at for fate in fates if fate.at]
        if kinds == {"lost"} and losses:
            ends.append(max(losses))
        end, ended_at = "lost", min(ends, default=as_of_end)
    else:
        end, ended_at = "still_open", as_of_end
    _add(steps, key, journey, at, end, ended_at, True)


def _add(
    steps: dict[FunnelKey, Step],
    key: FunnelKey,
    journey: Journey,
    at: int,
    end: str,
    ended_at: datetime,
    is_touched: bool,
) -> None:
    passed_at = journey.passed_at(at)
    if passed_at is None or (journey.is_removed and at > 1):
        return
    if journey.is_removed:
        end, ended_at = "removed", journey.ended_at or ended_at
    step = steps.setdefault(key, Step(Counter(dict.fromkeys(COUNTS, 0))))
    step.counts["entered"] += 1
    step.counts["entered_touched"] += at in journey.touched
    step.counts[end] += 1
    step.counts["touched"] += end == "reached" and is_touched
    days = max(-((passed_at - ended_at) // timedelta(days=1)), 0)  # rounded up
    step.by_day[days, "ended" if end in ("lost", "removed") else end] += 1
