"""Companies of any size, made up from a seed: the same seed gives the same company.

Every kind of happening occurs, at whole seconds unless told otherwise. Named traps belong to
``small_company``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.crm import company
from tests.crm.happenings import Ref
from tests.crm.story import Story
from tests.crm.truth import Truth

_SOURCES = ("web", "referral", "trade show", "call-in", None)
_REASONS = ("price", "timing", "competitor", "no budget")
_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP")
# The share of deals that are created without an amount, or without an expected date.
_EMPTY = 0.05


@dataclass(frozen=True)
class Shape:
    """What the made-up company is like.

    ``steps`` is how many things happen to a record on average after its creation. ``ties`` is the
    share of happenings after which another follows at the same instant; ``late`` the share of
    instants whose changes are seen only up to ``lag`` later. ``emptied`` is the share of changes of
    an amount, date or owner that leave it empty, ``restored`` the chance of a removed record to
    come back. ``step`` is the fineness of instants.
    """

    steps: float = 5.0
    ties: float = 0.0
    late: float = 0.0
    lag: timedelta = timedelta(minutes=8)
    emptied: float = 0.05
    restored: float = 0.3
    step: timedelta = timedelta(seconds=1)


def generate_truth(
    seed: int, deals: int, leads: int, first_day: date, days: int, shape: Shape | None = None
) -> Truth:
    """Return a company of so many leads and deals, in the days from ``first_day`` on (UTC).

    A third of the leads become deals, which count among the deals where there is room for them.
    """
    return generate_story(seed, deals, leads, first_day, days, shape).truth()


def generate_story(
    seed: int, deals: int, leads: int, first_day: date, days: int, shape: Shape | None = None
) -> Story:
    """Return the same as a story, so that more can be told of it."""
    return _Generator(seed, first_day, days, shape or Shape()).tell(deals, leads)


def change_some(story: Story, seed: int, at: datetime, share: float) -> list[Ref]:
    """Let a share of all deals that are there change their amount at ``at``; return them."""
    chance = random.Random(seed)
    there = [ref for ref in story.refs("deal") if not story.now(ref).is_deleted]
    chosen = sorted(chance.sample(there, round(share * len(there))))
    for ref in chosen:
        amount = (story.now(ref).amount or Decimal(0)) + 1
        story.change(ref, at, amount=amount, currency=story.now(ref).currency or "EUR")
    return chosen


class _Generator:
    def __init__(self, seed: int, first_day: date, days: int, shape: Shape) -> None:
        self.chance = random.Random(seed)
        self.shape = shape
        self.begin = datetime.combine(first_day, time(), UTC)
        self.end = self.begin + timedelta(days=days)
        self.owners = [3, 4, 5, 6, None]
        self.seed = seed
        self.story = Story(company.owners(), company.stage_lists(), company.rates(), lag=self._lag)

    def tell(self, deals: int, leads: int) -> Story:
        made = 0
        for _ in range(leads):
            made += self._lead(room=made < deals)
        for _ in range(deals - made):
            at = self._some_time(self.begin, self.end)
            stage = self.chance.choice(self._open_stages("deal", "new", at)[:2])
            if self.chance.random() < 0.03:
                deal = self.story.deal(at, stage, outcome="won", **self._deal_values(at))
            else:
                deal = self.story.deal(at, stage, **self._deal_values(at))
            self._live(deal)
        self._merge(deals // 50, "deal")
        self._merge(leads // 50, "lead")
        return self.story

    def _lead(self, *, room: bool) -> int:
        """Tell a lead's life; return how many deals came of it."""
        at = self._some_time(self.begin, self.end)
        source = self.chance.choice(_SOURCES)
        account = f"Account {self.chance.randint(1, 40)}"
        owner = self.chance.choice(self.owners)
        lead = self.story.lead(at, "fresh", owner=owner, lead_source=source, account=account)
        self._live(lead)
        now = self.story.now(lead)
        if now.is_deleted or now.outcome != "open" or self.chance.random() > 0.45:
            return 0
        at = self._some_time(now.updated_at, self.end)
        if not room or self.chance.random() < 0.2:
            self.story.convert(lead, at)
            return 0
        stage = self._open_stages("deal", "new", at)[0]
        values = self._deal_values(at)
        del values["owner"], values["account"], values["lead_source"]
        deal = self.story.convert(lead, at, stage, **values)
        assert deal is not None
        self._live(deal)
        return 1

    def _live(self, ref: Ref) -> None:
        """Let things happen to a record, further and further apart, until the days are over."""
        at = self.story.now(ref).updated_at
        left = self.end - at
        while left > timedelta():
            if self.chance.random() >= self.shape.ties:
                mean = (self.end - self.begin) / self.shape.steps
                at += mean * self.chance.expovariate(1.0)
                at -= (at - self.begin) % self.shape.step
            if at >= self.end:
                return
            self._step(ref, at)
            left = self.end - at

    def _step(self, ref: Ref, at: datetime) -> None:
        now, story = self.story.now(ref), self.story
        if now.is_deleted:
            if self.chance.random() < self.shape.restored:
                story.restore(ref, at)
            return
        roll = self.chance.random()
        if now.outcome != "open":
            if roll < 0.15:
                stages = self._open_stages(ref.entity_type, now.pipeline, at)
                story.reopen(ref, at, self.chance.choice(stages))
            elif roll < 0.2 and ref.entity_type == "deal" and now.outcome == "lost":
                story.win(ref, at)
            elif roll < 0.3:
                self._change(ref, at)
            elif roll < 0.32:
                story.delete(ref, at)
            return
        if roll < 0.45:
            self._move(ref, at)
        elif roll < 0.75:
            self._change(ref, at)
        elif roll < 0.88:
            story.lose(ref, at, self.chance.choice(_REASONS))
        elif roll < 0.95 and ref.entity_type == "deal":
            story.win(ref, at)
        elif roll < 0.97:
            (story.unarchive if now.archived_at else story.archive)(ref, at)
        elif roll < 0.985:
            story.delete(ref, at)
        else:
            story.touch(ref, at)

    def _move(self, ref: Ref, at: datetime) -> None:
        now = self.story.now(ref)
        if ref.entity_type == "deal" and self.chance.random() < 0.06:
            other = "renewal" if now.pipeline == "new" else "new"
            stage = self.chance.choice(self._open_stages("deal", other, at))
            self.story.move(ref, at, stage, pipeline=other)
            return
        stages = self._open_stages(ref.entity_type, now.pipeline, at)
        place = stages.index(now.stage) if now.stage in stages else 0
        step = self.chance.choice((1, 1, 1, 2, -1))
        target = stages[max(0, min(len(stages) - 1, place + step))]
        if target != now.stage:
            self.story.move(ref, at, target)

    def _change(self, ref: Ref, at: datetime) -> None:
        choices = (
            ["owner"] if ref.entity_type == "lead" else ["owner", "amount", "currency", "date"]
        )
        match self.chance.choice(choices):
            case "owner":
                self.story.change(ref, at, owner=self._new_owner())
            case "amount":
                self.story.change(ref, at, amount=self._amount(self.shape.emptied))
            case "currency":
                self.story.change(
                    ref,
                    at,
                    amount=self._amount(self.shape.emptied),
                    currency=self.chance.choice(_CURRENCIES),
                )
            case _:
                self.story.change(
                    ref, at, expected_close_date=self._expected(at, self.shape.emptied)
                )

    def _merge(self, pairs: int, entity_type: str) -> None:
        open_ones = [
            ref
            for ref in self.story.refs(entity_type)  # type: ignore[arg-type]
            if not self.story.now(ref).is_deleted and self.story.now(ref).outcome == "open"
        ]
        chosen = self.chance.sample(open_ones, min(2 * pairs, len(open_ones) // 2 * 2))
        for loser, kept in zip(chosen[::2], chosen[1::2], strict=True):
            latest = max(self.story.now(loser).updated_at, self.story.now(kept).updated_at)
            self.story.merge(loser, self._some_time(latest, self.end), into=kept)

    def _deal_values(self, at: datetime) -> dict[str, Any]:
        amount = self._amount()
        return {
            "owner": self.chance.choice(self.owners),
            "account": f"Account {self.chance.randint(1, 40)}",
            "lead_source": self.chance.choice(_SOURCES),
            "amount": amount,
            "currency": self.chance.choice(_CURRENCIES),
            "expected_close_date": self._expected(at),
        }

    def _new_owner(self) -> int | None:
        if self.chance.random() < self.shape.emptied:
            return None
        return self.chance.choice(self.owners[:-1])

    def _amount(self, empty: float = _EMPTY) -> Decimal | None:
        if self.chance.random() < empty:
            return None
        return Decimal(self.chance.randint(0, 2_000_000)) / 100

    def _expected(self, at: datetime, empty: float = _EMPTY) -> date | None:
        if self.chance.random() < empty:
            return None
        return at.date() + timedelta(days=self.chance.randint(5, 120))

    def _open_stages(self, entity_type: str, pipeline: str, at: datetime) -> list[str]:
        stages = self.story.list_at(at).pipeline(entity_type, pipeline).open_stages  # type: ignore[arg-type]
        return [stage.key for stage in stages]

    def _some_time(self, low: datetime, high: datetime) -> datetime:
        """Return an instant in ``[low, high)`` of the wanted fineness."""
        steps = max(1, (high - low) // self.shape.step)
        return low + self.chance.randrange(steps) * self.shape.step

    def _lag(self, at: datetime) -> timedelta:
        chance = random.Random(hash((self.seed, at.timestamp())))
        if chance.random() >= self.shape.late:
            return timedelta()
        return timedelta(seconds=round(chance.uniform(0, self.shape.lag.total_seconds())))
