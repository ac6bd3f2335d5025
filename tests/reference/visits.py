"""Visits to open stages: how long they lasted, and how old the present ones are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.reference.days import REMOVED, is_removed
from tests.reference.transitions import Transition

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Visit:
    """A stay in an open stage; ``is_over`` once the record has left the stage for another."""

    entity_type: str
    pipeline: str
    stage: str
    days: float
    is_over: bool


def visits_of(passed: Sequence[Transition], as_of_end: datetime) -> list[Visit]:
    """Return one record's visits; a removed record is in no stage, though it ended none."""
    entries = [t for t in passed if t.transition_type not in (*REMOVED, "restored")]
    found = []
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        if entry.to_category != "open" or (following is None and is_removed(passed)):
            continue
        left_at = following.transitioned_at if following else as_of_end
        found.append(
            Visit(
                entry.entity_type,
                entry.pipeline,
                entry.to_stage,
                (left_at - entry.transitioned_at) / _DAY,
                following is not None,
            )
        )
    return found


def velocity_rows(visits: Iterable[Visit]) -> list[dict[str, object]]:
    """Return what the visits to each stage amount to; days to six places."""
    stages: dict[tuple[str, str, str], list[Visit]] = {}
    for visit in visits:
        stages.setdefault((visit.entity_type, visit.pipeline, visit.stage), []).append(visit)
    rows = []
    for (entity_type, pipeline, stage), each in sorted(stages.items()):
        stays = sorted(visit.days for visit in each if visit.is_over)
        ages = sorted(visit.days for visit in each if not visit.is_over)
        rows.append(
            {
                "entity_type": entity_type,
                "pipeline": pipeline,
                "stage": stage,
                "visits": len(stays),
                "mean_days": _places(sum(stays) / len(stays) if stays else None),
                "median_days": _places(_quantile(stays, 0.5)),
                "p90_days": _places(_quantile(stays, 0.9)),
                "open_deals": len(ages),
                "median_open_age_days": _places(_quantile(ages, 0.5)),
            }
        )
    return rows


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return a quantile, between two values in proportion."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _places(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"
