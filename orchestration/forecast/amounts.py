"""What a won deal brings: of an open deal with an amount, of one without, of one yet to come.

Pools of what past wins brought, drawn from with weights that are themselves uncertain (Rubin's
Bayesian bootstrap, Ann. Statist. 9, 1981), and smoothed: few wins have not brought everything that
a win may bring (Silverman and Young, Biometrika 74, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.history import Ints
from orchestration.forecast.landmarks import FOLLOWED_DAYS, Rows
from orchestration.forecast.past import WON, Floats, Past

# Wins older than this count half.
HALF_LIFE_DAYS = 365
# A pipeline with fewer wins borrows from the others.
FEWEST_WINS = 12
MOST_IN_POOL = 4_000
# The kernel's width beside the deviation, of a single win (Silverman's rule).
KERNEL = 1.06
# What a won deal brings beside its amount before: pseudo-wins that bring exactly it.
SURE_RATIOS = 15
RATIO_BOUNDS = (0.1, 10.0)


@dataclass(frozen=True)
class Pool:
    """Amounts of wins with their weights (which add up to one).

    ``width``: how far from one of them (log scale) an amount may lie, the mean being kept.
    """

    amounts: Floats
    weights: Floats
    width: float = 0.0

    @property
    def mean(self) -> float:
        """Return the expected amount."""
        return float(self.weights @ self.amounts) if len(self.amounts) else 0.0

    def cumulative(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draw the weights, (draws, pool), cumulated to one."""
        noise = rng.standard_exponential((draws, len(self.amounts)))
        drawn = np.cumsum(noise * self.weights[None, :], axis=1)
        return drawn / drawn[:, -1:]

    def pick(self, rng: np.random.Generator, cumulative: Floats, draw: Ints) -> Floats:
        """Pick an amount for each element of ``draw`` (a row of ``cumulative``, ascending)."""
        picked = np.zeros(len(draw))
        if not len(self.amounts) or not len(draw):
            return picked
        uniform = rng.random(len(draw))
        for row, begin, stop in _runs(draw):
            at = np.searchsorted(cumulative[row], uniform[begin:stop])
            picked[begin:stop] = self.amounts[np.minimum(at, len(self.amounts) - 1)]
        if self.width:
            noise = self.width * rng.standard_normal(len(draw))
            picked *= np.exp(noise - self.width**2 / 2)
        return picked


def _runs(draw: Ints) -> list[tuple[int, int, int]]:
    """Return (value, begin, stop) of each run of an ascending array."""
    rows, begins = np.unique(draw, return_index=True)
    stops = np.r_[begins[1:], len(draw)]
    return [(int(r), int(b), int(s)) for r, b, s in zip(rows, begins, stops, strict=True)]


def won_pools(past: Past) -> list[Pool]:
    """Return the pool of each pipeline (by code)."""
    spells = past.spells
    won = past.won
    won = won[np.isfinite(spells.amount[won]) & (spells.amount[won] > 0)]
    won = won[np.argsort(-spells.end[won], kind="stable")]
    pipeline = spells.dimensions["pipeline"]
    weight = 0.5 ** ((past.as_of - spells.end[won]) / HALF_LIFE_DAYS)
    pools = []
    for code in range(len(pipeline.names)):
        own = pipeline.codes[won] == code
        mine = won[own][:MOST_IN_POOL]
        amounts, weights = spells.amount[mine], weight[own][:MOST_IN_POOL]
        if len(mine) < FEWEST_WINS:
            others = won[~own][:MOST_IN_POOL]
            amounts = np.r_[amounts, spells.amount[others]]
            lent = weight[~own][:MOST_IN_POOL]
            lent = lent * (FEWEST_WINS - len(mine)) / max(float(lent.sum()), 1e-12)
            weights = np.r_[weights, lent]
        weights = weights / weights.sum() if len(weights) else weights
        pools.append(Pool(amounts, weights, _width(amounts, weights)))
    return pools


def _width(amounts: Floats, weights: Floats) -> float:
    """Return the width of a normal kernel for the logarithms, 0 where they are all the same."""
    if len(amounts) < 2:
        return 0.0
    logs = np.log(amounts)
    deviation = float(np.sqrt(weights @ np.square(logs - weights @ logs)))
    return float(KERNEL * deviation * np.square(weights).sum() ** 0.2)


def mean_won_amounts(past: Past) -> Floats:
    """Return each pipeline's mean won amount to the cent, 0 where nothing was won."""
    spells, won = past.spells, past.won
    won = won[np.isfinite(spells.amount[won]) & (spells.amount[won] > 0)]
    code = spells.dimensions["pipeline"].codes[won]
    count = len(spells.dimensions["pipeline"].names)
    deals = np.bincount(code, minlength=count)
    total = np.bincount(code, weights=spells.amount[won], minlength=count)
    return np.round(np.divide(total, deals, out=np.zeros(count), where=deals > 0), 2)


def ratio_pool(past: Past, rows: Rows) -> Pool:
    """Return what won deals brought for one unit of their amount on a landmark before."""
    spells = past.spells
    spell = past.states.spell[rows.state]
    before, after = past.states.amount[rows.state], spells.amount[spell]
    soon = (spells.cause[spell] == WON) & (spells.end[spell] - rows.day <= FOLLOWED_DAYS)
    known = soon & np.isfinite(before) & (before > 0) & np.isfinite(after) & (after > 0)
    ratios = np.clip(after[known] / before[known], *RATIO_BOUNDS)[:MOST_IN_POOL]
    amounts = np.r_[ratios, 1.0]
    weights = np.r_[np.ones(len(ratios)), float(SURE_RATIOS)]
    return Pool(amounts, weights / weights.sum())
