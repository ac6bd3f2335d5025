"""A deal as it stands at the end of the reported day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.reference.clock import Clock
from tests.reference.days import is_removed
from tests.reference.events import Entity
from tests.reference.stages import StageLists
from tests.reference.states import Telling, state_at
from tests.reference.transitions import Transition


def deal_of(
    entity: Entity,
    transitions: Sequence[Transition],
    told: Sequence[Telling],
    end: datetime,
    lists: StageLists,
    clock: Clock,
) -> dict[str, object]:
    """Return the essentials of ``fct_deals``; without transitions, what the record alone says."""
    seen = [version for version in entity.versions if version.observed_at <= end]
    newest = seen[-1] if seen else entity.versions[-1] if entity.versions else None
    if transitions:
        pipeline, stage = transitions[-1].pipeline, transitions[-1].to_stage
        removed = is_removed(transitions)
    else:
        assert newest is not None  # history would have made transitions
        pipeline, stage = newest.place_in_pipeline
        removed = newest.removal is not None
    category = lists.category("deal", pipeline, stage)
    closings = [t.transitioned_at for t in transitions if t.is_closing]
    counts = category != "open" and not removed
    created_at = transitions[0].transitioned_at if transitions else None
    closed_at = closings[-1] if counts and closings else None
    state = state_at(told, end)
    return {
        "pipeline": pipeline,
        "stage": stage,
        "stage_category": category,
        "is_won": counts and category == "won",
        "is_lost": counts and category == "lost",
        "created_at": created_at,
        "closed_at": closed_at,
        "first_closed_at": closings[0] if closings else None,
        "amount": state.get("amount"),
        "currency": state.get("currency"),
        "expected_close_date": state.get("expected_close_date"),
        "owner": state.get("owner"),
        "push_count": state["push_count"],
        "is_deleted": removed,
        "merged_into": seen[-1].merged_into if seen else None,
        "sales_cycle_days": (clock.day_of(closed_at) - clock.day_of(created_at)).days
        if closed_at and created_at
        else None,
    }
