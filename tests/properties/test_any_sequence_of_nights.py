"""After any sequence of nights the warehouse is the one that a rebuild from the landing gives.

Made-up companies are the sources of one warehouse, so that one sequence tests many histories. Each
step is a night, one that breaks off, one whose checks fail, a missed one, days laid out anew, an
older day reported again, a few assets; with it come late records, corrections and deletions,
other stage lists, teams and rates.

FUNNEL_PROPERTY_SEED draws other companies and steps, FUNNEL_PROPERTY_SEQUENCES more sequences,
FUNNEL_PROPERTY_STEPS longer ones; FUNNEL_PROPERTY_COMPANIES makes them of more companies, and
FUNNEL_PROPERTY_EVERY=1 compares after each step that builds everything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from random import Random

import pytest

from tests.properties.strategies import companies
from tests.support.companies import Company, Tables
from tests.support.made_up import made_up
from tests.support.sequences import Step, Warehouse

_SEED = int(os.environ.get("FUNNEL_PROPERTY_SEED", "20240335"))
_SEQUENCES = int(os.environ.get("FUNNEL_PROPERTY_SEQUENCES", "1"))
_STEPS = int(os.environ.get("FUNNEL_PROPERTY_STEPS", "5"))
_COMPANIES = int(os.environ.get("FUNNEL_PROPERTY_COMPANIES", "12"))
_EVERY = os.environ.get("FUNNEL_PROPERTY_EVERY", "") == "1"

FIRST_DAY = date(2024, 3, 28)
# What a broken build may have reached, and what is looked at alone.
INNER = (
    *("int_deal_versions", "int_history_rows", "int_stage_versions", "int_owner_versions"),
    *("int_stage_events", "int_stage_transitions", "int_record_states", "int_deal_days"),
    *("int_pipeline_moments", "int_funnel_passes", "fct_pipeline_daily", "fct_deal_changes"),
    *("fct_stage_transitions", "mart_pipeline_summary", "fct_deals", "int_fx_rates"),
)
MODELS = (
    "+path:dbt_project/models/facts",
    *("+int_funnel_counts", "+mart_stage_flow", "+mart_stage_velocity", "+mart_pipeline_summary"),
    *("+mart_pipeline_waterfall", "+mart_close_date_moves", "int_deal_probabilities"),
    "int_history_disagreements",
)
LAWS = (
    *("assert_snapshots_follow_from_transitions", "assert_no_snapshot_day_is_missing"),
    *("assert_history_ends_at_the_present_stage", "assert_transitions_chain"),
    *("assert_cycles_are_never_negative", "assert_closed_once"),
    *("assert_pipeline_summary_agrees_with_snapshots", "assert_funnel_counts_add_up"),
    *("assert_every_landed_record_is_accounted_for", "assert_stage_flow_balances"),
    *("assert_no_amount_is_valued_without_its_rate", "assert_stage_flow_agrees_with_snapshots"),
    *("assert_waterfall_agrees_with_the_pipeline", "assert_waterfall_dimensions_add_up"),
    "assert_close_date_moves_add_up",
)


class Story:
    """Draws what happens next."""

    def __init__(self, random: Random, members: Sequence[Company]) -> None:
        self._random = random
        self._waiting = [[night for night in member.nights if night] for member in members]
        self._held: dict[int, Tables] = {}
        self._as_of = FIRST_DAY
        self._known_at = datetime.combine(FIRST_DAY, time_of_day(), UTC)

    def first(self) -> Step:
        """Return the first night: most companies are there."""
        return self._step("a night", self._news(0.7))

    def last(self) -> Step:
        """Return a night that brings everything that is left."""
        self._as_of += timedelta(days=1)
        return self._step("the last night", self._news(1.0))

    def next(self) -> Step:
        """Return any step."""
        draw = self._random.random()
        if draw < 0.3:
            self._as_of += timedelta(days=self._random.choice([1, 1, 1, 3]))
            return self._step("a night", self._news(0.4))
        if draw < 0.5:
            self._as_of += timedelta(days=self._random.choice([0, 1, 2]))
            step = self._step("a build that breaks off", self._news(0.4))
            models = tuple(f"+{name}" for name in self._random.sample(INNER, 2))
            return replace(step, models=models, is_published=False)
        if draw < 0.6:
            self._as_of += timedelta(days=1)
            return replace(self._step("failed checks", self._news(0.3)), is_published=False)
        if draw < 0.7:
            step = self._step("days laid out anew", self._news(0.1))
            return replace(
                step, rebuild_from=FIRST_DAY + timedelta(days=self._random.randint(0, 4))
            )
        if draw < 0.8:
            step = self._step("assets by hand", {})
            models = tuple(self._random.sample(INNER, 4))
            return replace(step, models=models, is_published=False)
        older = self._as_of - timedelta(days=self._random.randint(1, 4))
        step = self._step("an older day", self._news(0.1))
        step = replace(step, as_of=older, is_published=self._random.random() < 0.5)
        if step.is_published or self._random.random() < 0.5:
            return step
        return replace(step, models=(f"+{self._random.choice(INNER)}",))

    def _step(self, what: str, delivered: Mapping[int, Tables]) -> Step:
        ends = datetime.combine(self._as_of + timedelta(days=1), time_of_day(0, 30), UTC)
        self._known_at = max(self._known_at + timedelta(hours=1), ends)
        return Step(what, self._as_of, self._known_at, delivered)

    def _news(self, share: float) -> dict[int, Tables]:
        """Draw which companies deliver what comes next of them, or tell of shared things anew."""
        found: dict[int, Tables] = {}
        for number, waiting in enumerate(self._waiting):
            if waiting and self._random.random() < share:
                self._held[number] = found[number] = waiting.pop(0)
            elif number in self._held and self._random.random() < share / 3:
                feeds = ("changes", "deletions")
                held = {name: r for name, r in self._held[number].items() if name not in feeds}
                self._held[number] = found[number] = {**held, **self._shared()}
        return found

    def _shared(self) -> dict[str, list[dict[str, str]]]:
        match self._random.choice(["owners", "fx_rates", "stages"]):
            case "owners":
                return {
                    "owners": [
                        {"owner_id": owner, "team": self._random.choice(["red", "blue"])}
                        for owner in ("ann", "bob")
                    ]
                }
            case "fx_rates":
                return {
                    "fx_rates": [
                        {
                            "date": f"2024-{self._random.choice(['03-28', '04-02'])}",
                            "currency": self._random.choice(["USD", "RUB"]),
                            "rate": self._random.choice(["2", "4"]),
                            "base": "EUR",
                        }
                    ]
                }
            case _:
                names = ["new", "talk", "offer", "won", "lost"]
                if self._random.random() < 0.5:
                    names[0], names[1] = names[1], names[0]
                return {
                    "stages": [
                        {
                            "entity_type": "deal",
                            "stage": name,
                            "position": str(place),
                            "category": name if name in ("won", "lost") else "open",
                        }
                        for place, name in enumerate(names, start=1)
                    ]
                }


@pytest.mark.parametrize("number", range(_SEQUENCES))
def test_after_any_sequence_the_warehouse_is_the_rebuilt_one(number: int, tmp_path: Path) -> None:
    seed = _SEED + number
    members = made_up(companies(), _COMPANIES, seed)
    story = Story(Random(seed), members)
    warehouse = Warehouse(members, tmp_path, MODELS)
    told: list[str] = []

    def take(step: Step, *, look: bool, laws: bool = _EVERY) -> None:
        told.append(str(step))
        warehouse.take(step)
        if look:
            lines = warehouse.differences_from_a_rebuild(step.as_of)
            lines += warehouse.broken_laws(LAWS) if laws else []
            assert not lines, "\n".join([f"seed {seed}", *told, "", *lines])

    take(story.first(), look=_EVERY)
    for taken in range(1, _STEPS):
        step = story.next()
        take(step, look=not step.models and (_EVERY or taken == _STEPS // 2))
    take(story.last(), look=True, laws=True)
