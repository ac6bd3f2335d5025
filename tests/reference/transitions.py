"""Changes of stage: what lies between two consecutive events of a lead or deal.

Values of the day (amount, owner) are joined by the caller from ``states``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.clock import Clock
from tests.reference.events import Event
from tests.reference.stages import StageLists


@dataclass(frozen=True)
class Transition:
    """One change of stage of a lead or deal, with the contract's names."""

    entity_type: str
    entity: str
    pipeline: str
    from_pipeline: str | None
    from_stage: str | None
    to_stage: str
    from_category: str | None
    to_category: str
    transition_type: str
    is_closing: bool
    stages_skipped: int
    transitioned_at: datetime
    visit_number: int
    is_inferred: bool


def transitions_of(
    entity_type: str, entity: str, events: Sequence[Event], lists: StageLists, clock: Clock
) -> list[Transition]:
    """Return the transitions that a lead's or deal's ordered events make."""
    transitions: list[Transition] = []
    visits: Counter[tuple[str, str]] = Counter()
    before: tuple[str, str] | None = None
    for event in events:
        if event.removal:
            assert before is not None  # nothing is removed before it exists
            here = before
        else:
            here = (str(event.pipeline), str(event.stage))
            if here == before:
                continue  # a field change, not a transition
            visits[here] += 1
        from_category = lists.category(entity_type, *before) if before else None
        to_category = lists.category(entity_type, *here)
        enters_closed = to_category != "open" and from_category in (None, "open")
        kind = event.removal or _kind(
            entity_type, before, here, from_category, to_category, event, lists, clock
        )
        transitions.append(
            Transition(
                entity_type=entity_type,
                entity=entity,
                pipeline=here[0],
                from_pipeline=before[0] if before else None,
                from_stage=before[1] if before else None,
                to_stage=here[1],
                from_category=from_category,
                to_category=to_category,
                transition_type=kind,
                is_closing=enters_closed and not event.removal,
                stages_skipped=0
                if event.removal
                else _skipped(entity_type, before, here, event, lists, clock),
                transitioned_at=event.at,
                visit_number=visits[here],
                is_inferred=event.is_inferred,
            )
        )
        before = here
    return transitions


def _kind(
    entity_type: str,
    before: tuple[str, str] | None,
    here: tuple[str, str],
    from_category: str | None,
    to_category: str,
    event: Event,
    lists: StageLists,
    clock: Clock,
) -> str:
    if before is None:
        return "created"
    if entity_type == "lead" and to_category == "won":
        return "converted"
    if entity_type == "lead" and to_category == "lost":
        return "disqualified"
    if before[0] != here[0]:
        return "moved"
    if from_category == "open" and to_category != "open":
        return to_category
    if to_category == "open" and from_category != "open":
        return "reopened"
    if to_category != "open":
        return "closed_change"
    day = clock.day_of(event.at)
    if lists.order(entity_type, *here, day) < lists.order(entity_type, *before, day):
        return "regressed"
    return "skipped" if _between(entity_type, before, here, day, lists) else "advanced"


def _between(
    entity_type: str,
    before: tuple[str, str] | None,
    here: tuple[str, str],
    day: date,
    lists: StageLists,
) -> int:
    """Return how many open stages of the day's list lie after one place and before another.

    A creation comes from before the first, an entry into won goes behind the last.
    """
    pipeline = here[0]
    low = lists.order(entity_type, *before, day) if before else None
    is_open = lists.category(entity_type, *here) == "open"
    high = lists.order(entity_type, *here, day) if is_open else None
    return sum(
        (low is None or order > low) and (high is None or order < high)
        for stage in lists.open_stages(entity_type, pipeline, day)
        for order in [lists.order(entity_type, pipeline, stage, day)]
    )


def _skipped(
    entity_type: str,
    before: tuple[str, str] | None,
    here: tuple[str, str],
    event: Event,
    lists: StageLists,
    clock: Clock,
) -> int:
    """Return how many open stages of one pipeline a change jumped over."""
    if lists.category(entity_type, *here) == "lost":
        return 0
    if before is not None:
        is_within = before[0] == here[0]
        if not is_within or lists.category(entity_type, *before) != "open":
            return 0
    return _between(entity_type, before, here, clock.day_of(event.at), lists)
