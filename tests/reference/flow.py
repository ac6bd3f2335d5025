"""The flow of leads and deals through each open stage, month by month.

A record is in an open stage from an entry to an exit, and in none while it is removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from tests.reference.clock import Clock
from tests.reference.days import REMOVED
from tests.reference.transitions import Transition

# (entity type, pipeline, stage)
Place = tuple[str, str, str]
# (place, first day of the month, measure)
FlowCounts = Counter[tuple[Place, date, str]]
WAYS_OUT = ("advanced", "regressed", "won", "lost", "moved", "removed")


def flow_counts(passed: Sequence[Transition], clock: Clock) -> FlowCounts:
    """Count one record's entries and exits; ``passed`` are its transitions in order."""
    counts: FlowCounts = Counter()
    here: Place | None = None
    is_away = False
    for t in passed:
        month = clock.day_of(t.transitioned_at).replace(day=1)
        if t.transition_type in (*REMOVED, "restored"):
            is_away = t.transition_type != "restored"
        before, here = here, (t.entity_type, t.pipeline, t.to_stage)
        if t.to_category != "open" or is_away:
            here = None
        if before:
            counts[before, month, _way_out(t, before)] += 1
        if here:
            counts[here, month, "entered"] += 1
    return counts


def _way_out(t: Transition, before: Place) -> str:
    if t.transition_type in REMOVED:
        return "removed"
    if t.to_category != "open":
        return t.to_category
    if t.pipeline != before[1]:
        return "moved"
    return "regressed" if t.transition_type == "regressed" else "advanced"


def flow_rows(counted: Iterable[FlowCounts], as_of: date) -> list[dict[str, object]]:
    """Return one row for each place and month, from its first entry to the reported day."""
    counts: FlowCounts = Counter()
    for each in counted:
        counts.update(each)
    rows: list[dict[str, object]] = []
    for place in sorted({place for place, _, _ in counts}):
        month = min(month for other, month, _ in counts if other == place)
        closing = 0
        while month <= as_of:
            measures = {name: counts[place, month, name] for name in ("entered", *WAYS_OUT)}
            opening = closing
            closing += measures["entered"] - sum(measures[name] for name in WAYS_OUT)
            rows.append(
                {
                    "month_start": month,
                    **dict(zip(("entity_type", "pipeline", "stage"), place, strict=True)),
                    "opening": opening,
                    **measures,
                    "closing": closing,
                }
            )
            month = (month + timedelta(days=31)).replace(day=1)
    return rows
