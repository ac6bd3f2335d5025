"""The deals of each business day: those that were open at its end, as they stood then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tests.reference.clock import Clock
from tests.reference.states import Telling, state_at
from tests.reference.transitions import Transition

REMOVED = ("deleted", "merged")


def is_removed(transitions: Sequence[Transition]) -> bool:
    """Whether the last removal was not undone."""
    kinds = [t.transition_type for t in transitions]
    last = [kind for kind in kinds if kind in (*REMOVED, "restored")]
    return bool(last) and last[-1] in REMOVED


def stage_since(transitions: Sequence[Transition]) -> Transition:
    """Return the transition that entered the present stage."""
    return [t for t in transitions if t.transition_type not in (*REMOVED, "restored")][-1]


def days_of(
    transitions: Sequence[Transition], told: Sequence[Telling], as_of: date, clock: Clock
) -> list[dict[str, object]]:
    """Return one row for each day at whose end the deal was open."""
    rows = []
    created_on = clock.day_of(transitions[0].transitioned_at) if transitions else None
    day = created_on
    while day is not None and created_on is not None and day <= as_of:
        end = clock.end_of(day)
        past = [t for t in transitions if t.transitioned_at <= end]
        stage = stage_since(past)
        if stage.to_category == "open" and not is_removed(past):
            state = state_at(told, end)
            rows.append(
                {
                    "snapshot_date": day,
                    "pipeline": stage.pipeline,
                    "stage": stage.to_stage,
                    "amount": state.get("amount"),
                    "currency": state.get("currency"),
                    "expected_close_date": state.get("expected_close_date"),
                    "owner": state.get("owner"),
                    "days_in_stage": (day - clock.day_of(stage.transitioned_at)).days,
                    "days_open": (day - created_on).days,
                    "push_count": state["push_count"],
                }
            )
        day += timedelta(days=1)
    return rows
