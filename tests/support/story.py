"""What happens to a warehouse, drawn: which step follows which, and what is delivered with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from random import Random

from tests.support.companies import Company, Tables
from tests.support.sequences import SIGNS, Kill, Step

FIRST_DAY = date(2024, 3, 28)
# What a broken build may have reached, and what is looked at alone.
INNER = (
    *("int_deal_versions", "int_history_rows", "int_stage_versions", "int_owner_versions"),
    *("int_stage_events", "int_stage_transitions", "int_record_states", "int_deal_days"),
    *("int_pipeline_moments", "int_funnel_passes", "fct_pipeline_daily", "fct_deal_changes"),
    *("fct_stage_transitions", "mart_pipeline_summary", "fct_deals", "int_fx_rates"),
)
# What is built again from one asset on: the daily fact with what rests on it.
DAILY_ON = ("fct_pipeline_daily", "mart_pipeline_summary")
# So many models a build has at least; a count beyond them kills it at its end.
_MODELS = 110


class Story:
    """Draws what happens next: each kind of step once, in any order, then each once more."""

    def __init__(self, random: Random, members: Sequence[Company]) -> None:
        self._random = random
        self._waiting = [[night for night in member.nights if night] for member in members]
        self._held: dict[int, Tables] = {}
        self._as_of = FIRST_DAY
        self._known_at = datetime.combine(FIRST_DAY, time_of_day(), UTC)
        self._kinds = (
            *(self._night, self._broken_build, self._failed_checks, self._killed_extraction),
            *(self._killed_build, self._killed_publication, self._backfill, self._days_by_hand),
            *(self._backfill_of_an_asset, self._assets_by_hand, self._older_day),
        )
        self._next = list(self._kinds[:0])

    def first(self) -> Step:
        """Return the first night: most companies are there."""
        return self._step("a night", self._news(0.7))

    def last(self) -> Step:
        """Return a night that brings everything that is left."""
        self._as_of += timedelta(days=1)
        return self._step("the last night", self._news(1.0))

    def next(self) -> Step:
        """Return any step."""
        if not self._next:
            self._next = self._random.sample(self._kinds, len(self._kinds))
        return self._next.pop()()

    def _night(self) -> Step:
        """Return a night, which lays out the days that were missed, or its own."""
        since = self._random.choice([1, 1, 3])
        self._as_of += timedelta(days=since)
        missed = self._as_of - timedelta(days=self._random.randrange(since))
        step = self._step("a night", self._news(0.4))
        return replace(step, days=self._random.choice([None, (missed, self._as_of)]))

    def _broken_build(self) -> Step:
        self._as_of += timedelta(days=self._random.choice([0, 1, 2]))
        step = self._step("a build that breaks off", self._news(0.4))
        models = tuple(f"+{name}" for name in self._random.sample(INNER, 2))
        return replace(step, models=models, is_remembered=False, is_published=False)

    def _failed_checks(self) -> Step:
        """Return a night whose checks of the models fail, or those of the finished marts."""
        self._as_of += timedelta(days=1)
        step = self._step("failed checks", self._news(0.3))
        is_remembered = self._random.random() < 0.5
        return replace(step, is_remembered=is_remembered, is_published=False)

    def _killed_extraction(self) -> Step:
        self._as_of += timedelta(days=self._random.choice([0, 1]))
        step = self._step("a night killed while it extracts", self._news(0.4))
        kill = Kill("extraction", self._random.randrange(8))
        return replace(step, is_remembered=False, is_published=False, kill=kill)

    def _killed_build(self) -> Step:
        self._as_of += timedelta(days=self._random.choice([0, 1, 2]))
        step = self._step("a night killed while it builds", self._news(0.4))
        kill = Kill(
            "build", self._random.randint(1, _MODELS), self._random.choice([0.0, 0.01, 0.04])
        )
        return replace(step, is_published=False, kill=kill)

    def _killed_publication(self) -> Step:
        self._as_of += timedelta(days=self._random.choice([0, 1]))
        step = self._step("a night killed while it publishes", self._news(0.3))
        return replace(step, kill=Kill("publication", self._random.randint(1, SIGNS)))

    def _backfill(self) -> Step:
        return replace(self._step("a backfill", {}), days=self._range())

    def _days_by_hand(self) -> Step:
        step = self._step("days of the daily fact alone", {})
        models = ("fct_pipeline_daily",)
        return replace(
            step, days=self._range(), models=models, is_remembered=False, is_published=False
        )

    def _backfill_of_an_asset(self) -> Step:
        """Return a backfill that starts from one asset and publishes what follows from it."""
        step = self._step("days from the daily fact on", {})
        return replace(step, days=self._range(), models=DAILY_ON, is_remembered=False)

    def _assets_by_hand(self) -> Step:
        step = self._step("assets by hand", {})
        models = tuple(self._random.sample(INNER, 4))
        return replace(step, models=models, is_remembered=False, is_published=False)

    def _older_day(self) -> Step:
        older = self._as_of - timedelta(days=self._random.randint(1, 4))
        step = replace(self._step("an older day", self._news(0.1)), as_of=older)
        if self._random.random() < 0.5:
            return step
        step = replace(step, is_remembered=False, is_published=False)
        if self._random.random() < 0.5:
            return step
        return replace(step, models=(f"+{self._random.choice(INNER)}",))

    def _range(self) -> tuple[date, date]:
        """Return days from before the first known one up to the last, in one range."""
        reach = (self._as_of - FIRST_DAY).days
        first = self._as_of - timedelta(days=self._random.choice([0, 2, reach, reach + 40]))
        return first, first + timedelta(days=self._random.randint(0, (self._as_of - first).days))

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
