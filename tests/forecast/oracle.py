"""Forecasts by one who knows a world's law, and of every deal what nobody is told.

It knows merit, pace and what each deal brings if it is won, but not how the dice will fall: what it
can't foresee, nobody can. Only such forecasts are made here; ``verdicts`` says what they are for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.forecast.backtest import QUANTILE_COLUMNS
from orchestration.forecast.history import day_number, days_of
from orchestration.forecast.totals import QUANTILES
from tests.forecast.worlds import (
    FUTURE_DAYS,
    MERIT_SPREAD,
    PACE_SPREAD,
    SOURCE_MERITS,
    SOURCE_SHARES,
    STARTS_LATE,
    STEPS_AT_MOST,
    Deals,
    Floats,
    Ints,
    Law,
    World,
    amounts,
    creation_rates,
    in_new_pipeline,
    mean_amount,
)

REPEATS = 300
# A stay that would have ended by now is drawn again; after so many times it ends tomorrow.
DRAWS_AT_MOST = 300
# What a won deal brings for one unit of its amount at its creation.
KEPT = 0.98


def foreseen(law: Law, world: World, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the windows of ``rows`` as forecast by the method ``oracle``.

    ``rows``: forecasts of the company as a whole, one a window.
    """
    origin = day_number(world.origin)
    rng = np.random.default_rng([origin, len(world.lives.created)])
    parts = _open_wins(law, world, rng, origin), _new_wins(law, world, rng, origin)
    draw, day, value, mean = (np.concatenate(column) for column in zip(*parts, strict=True))
    starts, ends = days_of(rows["period_start"]), days_of(rows["period_end"])
    told = rows.assign(method="oracle")
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        inside = (day >= start) & (day <= end)
        won = told["won_to_date"].iloc[number]
        totals = np.bincount(draw[inside], weights=value[inside], minlength=REPEATS) + won
        told.iloc[number, told.columns.get_loc("expected")] = won + mean[inside].sum() / REPEATS
        for column, quantile in zip(QUANTILE_COLUMNS, np.quantile(totals, QUANTILES), strict=True):
            told.iloc[number, told.columns.get_loc(column)] = quantile
    return told


def _open_wins(
    law: Law, world: World, rng: np.random.Generator, origin: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """Draw which deals that are open now are won, and when."""
    lives = world.lives
    which = np.flatnonzero((lives.created <= origin) & (lives.closed > origin))
    place, at = np.zeros((2, len(lives.created)), dtype=np.int64)
    for deals, days, places in lives.entries:
        known = days <= origin
        place[deals[known]], at[deals[known]] = places[known], days[known]
    which = np.tile(which, REPEATS)
    deals = Deals(*(values[which] for values in (lives.is_new, lives.merit, lives.pace, place, at)))
    number, day = _walked(law, rng, deals, origin)
    value = lives.amount[which[number]]
    return number // (len(which) // REPEATS), day, value, value


def _new_wins(
    law: Law, world: World, rng: np.random.Generator, origin: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """Draw which deals that come from tomorrow on are won, and when."""
    days, rates = creation_rates(law, origin)
    coming = days > origin
    counts = rng.poisson(np.tile(rates[coming], REPEATS))
    at = np.repeat(np.tile(days[coming], REPEATS), counts)
    draw = np.repeat(np.repeat(np.arange(REPEATS), coming.sum()), counts)
    size, owners = len(at), world.lives.owners
    is_new = in_new_pipeline(law, rng, at, origin)
    merit = owners[rng.integers(0, len(owners), size)] + rng.normal(0, MERIT_SPREAD, size)
    merit += SOURCE_MERITS[rng.choice(len(SOURCE_MERITS), size, p=SOURCE_SHARES)]
    place = (rng.random(size) < STARTS_LATE).astype(np.int64)
    deals = Deals(is_new, merit, rng.lognormal(0, PACE_SPREAD, size), place, at)
    number, day = _walked(law, rng, deals, origin)
    value = KEPT * amounts(law, rng, is_new[number])
    mean = KEPT * mean_amount(law) * np.where(is_new[number], 0.4, 1.0)
    return draw[number], day, value, mean


def _walked(law: Law, rng: np.random.Generator, deals: Deals, origin: int) -> tuple[Ints, Ints]:
    """Let deals go on from where they are; return those that are won, and the days."""
    walking = np.arange(len(deals.at))
    numbers, days = [], []
    for _ in range(STEPS_AT_MOST):
        step, moment, won, lost = deals.step(law, rng, walking, origin)
        for _ in range(DRAWS_AT_MOST):
            past = np.flatnonzero(moment <= origin)
            if not len(past):
                break
            again = deals.step(law, rng, walking[past], origin)
            for drawn, values in zip((step, moment, won, lost), again, strict=True):
                drawn[past] = values
        moment = np.maximum(moment, origin + 1)
        numbers.append(walking[won])
        days.append(moment[won])
        goes_on = ~won & ~lost & (moment <= origin + FUTURE_DAYS)
        walking = walking[goes_on]
        deals.place[walking] += step[goes_on]
        deals.at[walking] = moment[goes_on]
    return np.concatenate(numbers), np.concatenate(days)
