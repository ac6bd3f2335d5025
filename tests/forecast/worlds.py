"""Made-up companies whose law is known: what forecasts are judged on.

Each world tells a deal's whole life, past its origin too, so that what really came is known. Only
the drawing of lives belongs here; scoring stands in ``scoring``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.forecast.history import NEVER, DealHistory, date_of, dates_of, day_number

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FUTURE_DAYS = 200
STEPS_AT_MOST = 16
STAGES = ("qualify", "meet", "propose", "negotiate", "sign")
STAY_DAYS = np.array([9.0, 14.0, 18.0, 16.0, 10.0])
# Chance to be lost at the end of each stage, and what the company believes its stages to win.
LOSS_CHANCES = np.array([0.30, 0.25, 0.22, 0.16, 0.08])
BELIEVED = np.array([0.10, 0.30, 0.50, 0.70, 0.90])
NEW_STAGES = ("try", "use", "buy")
NEW_STAY_DAYS = np.array([6.0, 10.0, 7.0])
NEW_LOSS_CHANCES = np.array([0.45, 0.35, 0.15])
NEW_BELIEVED = np.array([0.20, 0.50, 0.80])
# The same of both pipelines; a stage that a pipeline hasn't lasts no time.
STAYS = np.stack([STAY_DAYS, np.pad(NEW_STAY_DAYS, (0, 2))])
LOSSES = np.stack([LOSS_CHANCES, np.pad(NEW_LOSS_CHANCES, (0, 2))])
# How far deals lie apart: by lead source, and by themselves; how many begin at the second stage.
SOURCE_SHARES, SOURCE_MERITS = (0.4, 0.3, 0.2, 0.1), np.array([0.3, 0.0, -0.2, -0.4])
MERIT_SPREAD, PACE_SPREAD, STARTS_LATE = 0.7, 0.35, 0.12


@dataclass(frozen=True)
class Law:
    """How one kind of company behaves."""

    deals: int = 2400  # created up to the origin
    days: int = 1000  # of history before the origin
    arrival_season: float = 0.0  # amplitude of the year's wave of creations
    quarter_pull: float = 0.0  # share of wins that wait for the quarter's last two weeks
    summer: float = 0.0  # share by which everything is slower in July and August
    drift: float = 0.0  # added to the log-odds of losing over the last 500 days
    new_pipeline_days: int = 0  # how long the second pipeline has been there
    tail: float = 0.0  # exponent of Pareto's amounts; 0: lognormal ones
    origin: date = date(2023, 9, 30)
    owners: int = 8
    owner_spread: float = 0.35
    extra: dict[str, float] = field(default_factory=dict)


WORLDS: dict[str, Law] = {
    "stable": Law(),
    "seasonal": Law(arrival_season=0.5, quarter_pull=0.6, summer=0.5, days=1200, deals=2900),
    "drifting": Law(drift=1.3),
    "new_pipeline": Law(new_pipeline_days=91),
    "heavy_tailed": Law(tail=1.3),
    "small": Law(deals=200, days=700, owners=4),
}


@dataclass(frozen=True)
class World:
    """A company's history to its end, and the day on which it is to be forecast."""

    history: DealHistory
    origin: date
    first_day: date
    lives: Lives


def world(name: str, seed: int) -> World:
    """Draw a company; its origin lies anywhere in the ninety days up to the law's."""
    law = WORLDS[name]
    rng = np.random.default_rng([seed, sorted(WORLDS).index(name)])
    origin = day_number(law.origin) - int(rng.integers(0, 90))
    history, lives = draw(law, rng, origin)
    return World(history, date_of(origin), law.origin - timedelta(days=law.days), lives)


def draw(law: Law, rng: np.random.Generator, origin: int) -> tuple[DealHistory, Lives]:
    """Draw the lives of all deals of a company; return what is told of them, and themselves."""
    created = _creations(law, rng, origin)
    size = len(created)
    is_new = in_new_pipeline(law, rng, created, origin)
    owner = rng.integers(0, law.owners, size)
    source = rng.choice(4, size, p=SOURCE_SHARES)
    region = rng.integers(0, 3, size)
    owners = rng.normal(0, law.owner_spread, law.owners)
    merit = owners[owner] + SOURCE_MERITS[source] + rng.normal(0, MERIT_SPREAD, size)
    pace = rng.lognormal(0, PACE_SPREAD, size)
    place = np.minimum((rng.random(size) < STARTS_LATE) * 1, np.where(is_new, 3, 5) - 1)
    outcome, closed = np.zeros(size, dtype=np.int64), np.full(size, NEVER)
    entries: list[tuple[Ints, Ints, Ints]] = [(np.arange(size), created, place.copy())]
    deals = Deals(is_new, merit, pace, place, created.copy())
    walking = np.arange(size)
    for _ in range(STEPS_AT_MOST):
        step, moment, won, lost = deals.step(law, rng, walking, origin)
        ended = lost | won
        closed[walking[ended]] = moment[ended]
        outcome[walking[ended]] = np.where(won[ended], 1, 2)
        walking, step, moment = walking[~ended], step[~ended], moment[~ended]
        deals.place[walking] += step
        deals.at[walking] = moment
        entries.append((walking, moment, deals.place[walking].copy()))
    outcome[walking] = 2
    closed[walking] = deals.at[walking] + 30

    given = _Given(created, is_new, owner, source, region, closed, outcome)
    history, final = _told(law, rng, given, entries, origin)
    return history, Lives(created, is_new, merit, pace, closed, entries, final, owners)


@dataclass(frozen=True)
class Deals:
    """Deals on their way, one element each: ``place`` among their stages since day ``at``."""

    is_new: npt.NDArray[np.bool_]
    merit: Floats
    pace: Floats
    place: Ints
    at: Ints

    def step(
        self, law: Law, rng: np.random.Generator, which: Ints, origin: int
    ) -> tuple[Ints, Ints, Flags, Flags]:
        """Draw how some of them leave their stage: steps to take, the day, whether won or lost."""
        size, p, at, is_new = len(which), self.place[which], self.at[which], self.is_new[which]
        of_new = is_new.astype(np.int64)
        stay = STAYS[of_new, p] * self.pace[which] * rng.lognormal(0, 0.55, size)
        stay[rng.random(size) < 0.04] *= 7
        month = dates_of(at).astype("datetime64[M]").astype(int) % 12
        stay *= 1 + law.summer * np.isin(month, [6, 7])
        moment = at + np.rint(stay).astype(np.int64)
        chance = LOSSES[of_new, p]
        drifted = law.drift * np.clip((moment - (origin - 500)) / 500, 0, None)
        odds = np.log(chance / (1 - chance)) - self.merit[which] + drifted
        lost = rng.random(size) < _logistic(odds)
        back = ~lost & (p > 0) & (rng.random(size) < 0.05)
        step = np.where(back, -1, 1 + (rng.random(size) < 0.05))
        won = ~lost & (p + step >= np.where(is_new, 3, 5))
        wait = won & (rng.random(size) < law.quarter_pull)
        moment[wait] = _to_quarter_end(rng, moment[wait])
        return step, moment, won, lost


@dataclass(frozen=True)
class Lives:
    """What nobody is told: each deal's merit and pace, its whole way, and what it brings if won.

    ``entries``: deals, days and places of every entry into a stage, step by step. ``owners``: the
    owners' merits.
    """

    created: Ints
    is_new: Flags
    merit: Floats
    pace: Floats
    closed: Ints
    entries: list[tuple[Ints, Ints, Ints]]
    amount: Floats
    owners: Floats


@dataclass(frozen=True)
class _Given:
    created: Ints
    is_new: npt.NDArray[np.bool_]
    owner: Ints
    source: Ints
    region: Ints
    closed: Ints
    outcome: Ints


def creation_rates(law: Law, origin: int) -> tuple[Ints, Floats]:
    """Return the days of a company, and how many deals are created on each on average."""
    days = np.arange(origin - law.days, origin + FUTURE_DAYS)
    dates = dates_of(days).astype("datetime64[D]")
    of_year = (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    rate = 1 + law.arrival_season * np.sin(2 * np.pi * of_year / 365)
    return days, rate * law.deals / rate[: law.days].sum()


def amounts(law: Law, rng: np.random.Generator, is_new: Flags) -> Floats:
    """Draw what deals are worth when they are created."""
    size = len(is_new)
    drawn = (
        4000 * (1 + rng.pareto(law.tail, size))
        if law.tail
        else 10_000 * rng.lognormal(0, 0.8, size)
    )
    return np.asarray(drawn * np.where(is_new, 0.4, 1.0))


def mean_amount(law: Law) -> float:
    """Return the mean of ``amounts`` of the main pipeline."""
    return 4000 * (1 + 1 / (law.tail - 1)) if law.tail else 10_000 * float(np.exp(0.8**2 / 2))


def in_new_pipeline(law: Law, rng: np.random.Generator, created: Ints, origin: int) -> Flags:
    """Draw which deals belong to the second pipeline, where there is one."""
    if not law.new_pipeline_days:
        return np.zeros(len(created), dtype=bool)
    return (created >= origin - law.new_pipeline_days) & (rng.random(len(created)) < 0.45)


def _creations(law: Law, rng: np.random.Generator, origin: int) -> Ints:
    days, rates = creation_rates(law, origin)
    return np.repeat(days, rng.poisson(rates))


def _to_quarter_end(rng: np.random.Generator, days: Ints) -> Ints:
    months = dates_of(days).astype("datetime64[M]").astype(np.int64)
    ends = (months // 3 * 3 + 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.maximum(days, ends - 1 - rng.integers(0, 14, len(days)))


def _logistic(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def _told(
    law: Law, rng: np.random.Generator, given: _Given,
    entries: list[tuple[Ints, Ints, Ints]], origin: int,
) -> tuple[DealHistory, Floats]:  # fmt: skip
    """Write the lives down as a CRM tells them: amounts, expected dates and pushes as well."""
    size = len(given.created)
    amount = amounts(law, rng, given.is_new)
    late = rng.random(size) < 0.12
    typical = np.where(given.is_new, 25.0, 70.0)
    expected = given.created + np.rint(typical * rng.lognormal(0, 0.4, size)).astype(np.int64)
    dated = rng.random(size) < 0.85
    keeps = dated & (rng.random(size) < 0.8)

    deal = np.concatenate([e[0] for e in entries])
    day = np.concatenate([e[1] for e in entries])
    place = np.concatenate([e[2] for e in entries])
    expects: list[tuple[Ints, Ints]] = [(np.arange(size), expected)]
    push_deals, push_days, push_to = [], [], []
    current = expected.copy()
    pushing = np.flatnonzero(keeps)
    for _ in range(12):
        pushing = pushing[current[pushing] + 2 < given.closed[pushing]]
        moved_at = current[pushing] + 2
        current[pushing] = moved_at + rng.integers(10, 45, len(pushing))
        push_deals.append(pushing)
        push_days.append(moved_at)
        push_to.append(current[pushing].copy())
    del expects
    pushed, pushed_at, pushed_to = map(np.concatenate, (push_deals, push_days, push_to))
    events = pd.DataFrame(
        {
            "deal": np.concatenate([deal, pushed]),
            "day": np.concatenate([day, pushed_at]),
            "place": np.concatenate([place, np.full(len(pushed), -1)]),
            "expected": np.concatenate([np.full(len(deal), -1), pushed_to]),
        }
    )
    events["is_push"] = events["place"] < 0
    events = events.sort_values(["deal", "day", "is_push"], kind="stable")
    of = events["deal"].to_numpy()
    events["place"] = events["place"].where(events["place"] >= 0).groupby(of).ffill().astype(int)
    first = np.r_[True, of[1:] != of[:-1]]
    told = events["expected"].to_numpy(dtype=float, copy=True)
    told[told < 0] = np.nan
    told[first] = expected[of[first]]
    events["expected"] = pd.Series(told, index=events.index).groupby(of).ffill()
    events["pushes"] = events["is_push"].groupby(of).cumsum()
    steps = np.where(
        ~events["is_push"] & ~first & (rng.random(len(events)) < 0.15),
        rng.normal(-0.05, 0.25, len(events)), 0.0,
    )  # fmt: skip
    value = amount[of] * np.exp(pd.Series(steps).groupby(of).cumsum().to_numpy())
    entered = pd.Series(np.where(events["is_push"], np.nan, events["day"])).groupby(of).ffill()
    same = np.r_[of[1:] == of[:-1], False]
    following = np.r_[events["day"].to_numpy()[1:], NEVER]
    until = np.where(same, following, given.closed[of])
    until = np.minimum(until, given.closed[of])
    events = events.assign(until=until, value=value, entered=entered.to_numpy())
    final = events.groupby("deal")["value"].last().reindex(np.arange(size)).to_numpy(copy=True)
    final *= np.where(rng.random(size) < 0.3, rng.lognormal(-0.05, 0.12, size), 1.0)
    keep = (events["day"] < events["until"]).to_numpy()
    events = events[keep]
    of = events["deal"].to_numpy()
    new = given.is_new[of]
    position = events["place"].to_numpy()
    rate = np.where(new, np.pad(NEW_BELIEVED, (0, 2))[position], BELIEVED[position])
    optimism = rng.normal(0.08, 0.15, size)
    spans = pd.DataFrame(
        {
            "deal_key": _keys(of),
            "source_name": "world",
            "pipeline": np.where(new, "fresh", "main"),
            "stage": np.where(
                new, np.array([*NEW_STAGES, "-", "-"])[position], np.array(STAGES)[position]
            ),
            "stage_position": position + 1,
            "win_rate": rate,
            "created_on": dates_of(given.created[of]),
            "stage_entered_on": dates_of(events["entered"].to_numpy().astype(np.int64)),
            "valid_from": dates_of(events["day"].to_numpy()),
            "valid_to": dates_of(events["until"].to_numpy()),
            "amount": np.where(late[of] & (position < 2), np.nan, np.round(events["value"], 2)),
            "expected_close_date": dates_of(
                np.where(dated[of], events["expected"].to_numpy(), NEVER).astype(np.int64)
            ),
            **_dimensions(given, of),
            "push_count": events["pushes"].to_numpy(),
            "crm_probability": np.clip(rate + optimism[of], 0.01, 0.99).round(2),
            "known_on": dates_of(events["day"].to_numpy()),
        }
    )
    done = np.flatnonzero(given.closed < NEVER)
    closings = pd.DataFrame(
        {
            "deal_key": _keys(done),
            "created_on": dates_of(given.created[done]),
            "closed_on": dates_of(given.closed[done]),
            "outcome": np.where(given.outcome[done] == 1, "won", "lost"),
            "amount": np.round(final[done], 2),
            "ended_on": dates_of(np.full(len(done), NEVER)),
            "known_on": dates_of(given.closed[done]),
            "source_name": "world",
            "pipeline": np.where(given.is_new[done], "fresh", "main"),
            **_dimensions(given, done),
        }
    )
    return DealHistory(spans, closings), final


def _keys(deals: Ints) -> npt.NDArray[np.object_]:
    return np.array([f"world:{number:07d}" for number in deals], dtype=object)


def _dimensions(given: _Given, deals: Ints) -> dict[str, npt.NDArray[np.str_]]:
    owner = given.owner[deals]
    return {
        "owner": np.array([f"o{n}" for n in range(100)])[owner],
        "team": np.array([f"t{n // 4}" for n in range(100)])[owner],
        "lead_source": np.array(["referral", "web", "event", "call"])[given.source[deals]],
        "region": np.array(["north", "south", "west"])[given.region[deals]],
    }
