"""How fast things happen by the calendar: the year's season, the quarter's end, level and trend.

A daily count around an expected one, as a Poisson regression with a level that walks at random
from month to month and a trend that dies out (West and Harrison, "Bayesian Forecasting and Dynamic
Models", 1997; Gardner and McKenzie, Management Science 31, 1985), so that a drift is followed and
its continuation is uncertain. How much each part may vary is averaged over a grid by the evidence.
Knows nothing of deals.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.forecast.history import dates_of

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

BLOCK_DAYS = 30
MOST_BLOCKS = 40
# Standard deviations, on the log scale, of the months' effects, of the quarter's last weeks, of a
# month's step of the level and of the trend a month; how plausible the latter are before anything
# was seen.
MONTH_SPREADS, MONTH_PRIOR = (0.02, 0.12, 0.35), (0.6, 0.25, 0.15)
QUARTER_SPREADS, QUARTER_PRIOR = (0.03, 0.3, 0.9), (0.6, 0.25, 0.15)
STEPS, STEP_PRIOR = (0.003, 0.04, 0.12), (0.85, 0.11, 0.04)
TRENDS, TREND_PRIOR = (0.002, 0.03, 0.1), (0.8, 0.15, 0.05)
# The same of a company in which something else is seen to move.
MOVING_STEPS, MOVING_TRENDS = (0.5, 0.37, 0.13), (0.55, 0.34, 0.11)
# The trend is that of the last year; what it adds shrinks from month to month.
TREND_BLOCKS, TREND_DAMPING = 12, 0.95
# Spreads of the season less plausible by so much (log) than the best are left out.
LEAST = 3.0
WEEKEND_SPREAD = 1.5
FIRST_LEVEL_SPREAD = 1.0
NEWTON_STEPS = 5
# Days left in the quarter up to which a day is in its last two weeks, and in the month before them.
QUARTER_PLACES = (14, 45)
# The same more finely, for the tempo itself.
QUARTER_BORDERS = np.array([3, 7, 14, 28, 45, 63, 78])
QUARTER_CLASSES = len(QUARTER_BORDERS) + 1
# Parameters: twelve months, places in the quarter, weekends, one without effect, the trend.
MONTHS, WEEKEND, WORKDAY, TREND, LEVEL = 12, 20, 21, 22, 23


@dataclass(frozen=True)
class Tempo:
    """Posterior of a tempo: a mixture over the grid, each element a normal distribution."""

    until: int
    blocks: int
    quarter_phase: int
    weights: Floats
    modes: Floats  # (grid, p)
    roots: Floats  # (grid, p, p): the precision's Cholesky factor
    steps: Floats  # (grid,)

    def mean(self, days: Ints) -> Floats:
        """Return the tempo on past days: events over expected ones."""
        columns, trend = _columns(days, self.until, self.blocks, self.quarter_phase)
        logs = self.modes[:, columns].sum(axis=2) + self.modes[:, TREND, None] * trend[None]
        return np.asarray(self.weights @ np.exp(logs))

    def draws(self, rng: np.random.Generator, count: int, horizon: int) -> Floats:
        """Draw the tempo of the days after ``until``, shape (count, horizon)."""
        days = np.arange(self.until + 1, self.until + 1 + horizon)
        columns, trend = _columns(days, self.until, self.blocks, self.quarter_phase)
        width = self.modes.shape[1]
        chosen = np.searchsorted(np.cumsum(self.weights), (np.arange(count) + 0.5) / count)
        # In no order of the grid: draws of several tempos are combined one by one.
        chosen = rng.permutation(np.minimum(chosen, len(self.weights) - 1))
        noise = rng.standard_normal((count, width))
        block = np.arange(horizon) // BLOCK_DAYS
        walk = np.cumsum(rng.standard_normal((count, int(block[-1]) + 1)), axis=1)
        # x of root' x = noise has the precision root root'.
        shifts = np.linalg.solve(np.swapaxes(self.roots[chosen], 1, 2), noise[:, :, None])[:, :, 0]
        values = self.modes[chosen] + shifts
        values[:, WORKDAY] = 0.0
        logs = values[:, columns].sum(axis=2) + values[:, TREND, None] * trend[None]
        pace = np.exp(logs + self.steps[chosen][:, None] * walk[:, block])
        # A gamma distributed rate's mean is where its logarithm's density is highest: the draws
        # are to spread around it, not above it.
        likely = np.exp(self.modes[:, columns].sum(axis=2) + self.modes[:, TREND, None] * trend)
        return np.asarray(pace * (self.weights @ likely / pace.mean(axis=0)), dtype=np.float64)

    @property
    def step(self) -> float:
        """Return the likely size of a month's step of the level, on the log scale."""
        return float(self.weights @ self.steps)

    def level_change(self, blocks: int) -> tuple[float, float]:
        """Return the change of the level over the last blocks, and its standard deviation."""
        back = min(blocks, self.blocks - 1)
        contrast = np.zeros(self.modes.shape[1])
        contrast[LEVEL] += 1.0
        contrast[LEVEL + back] -= 1.0
        contrast[TREND] = float(min(back, TREND_BLOCKS))
        changes = self.modes @ contrast
        halves = np.linalg.solve(
            self.roots, np.broadcast_to(contrast, self.modes.shape)[:, :, None]
        )
        squares = np.square(halves[:, :, 0]).sum(axis=1) + changes**2
        mean = float(self.weights @ changes)
        return mean, float(np.sqrt(max(float(self.weights @ squares) - mean**2, 0.0)))


def month_effects(tempo: Tempo) -> Floats:
    """Return the effects of the twelve months on the log scale."""
    return np.asarray(tempo.weights @ tempo.modes[:, :MONTHS])


def fit_tempo(
    first: int, events: Floats, expected: Floats, quarter_phase: int, moving: bool = False
) -> Tempo:
    """Fit a tempo to daily events beside expected ones, from day ``first`` on.

    ``quarter_phase`` is the month in which fiscal quarters begin, counted from January, modulo
    three; ``moving``: whether the company is known to change.
    """
    until = first + len(events) - 1
    blocks = int(np.clip(-(-len(events) // BLOCK_DAYS), 1, MOST_BLOCKS))
    seen = np.flatnonzero(expected > 0)
    columns, passed = _columns(first + seen, until, blocks, quarter_phase)
    width = LEVEL + blocks
    keys = columns @ np.array([1, width, width**2, width**3])
    _, where, inverse = np.unique(keys, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    happened, awaited = (
        np.bincount(inverse, weights=daily[seen], minlength=len(where)).astype(np.float64)
        for daily in (events, expected)
    )
    design = np.zeros((len(where), width))
    for column in range(columns.shape[1]):
        design[np.arange(len(where)), columns[where, column]] = 1.0
    design[:, WORKDAY] = 0.0
    design[:, TREND] = passed[where]
    # The season's spreads first, with a middling walk; then the walk under those that fit.
    kinds = range(len(MONTH_SPREADS)), range(len(QUARTER_SPREADS))
    seasons = [(MONTH_SPREADS[m], QUARTER_SPREADS[q]) for m, q in product(*kinds)]
    likely = np.array([np.log(MONTH_PRIOR[m] * QUARTER_PRIOR[q]) for m, q in product(*kinds)])
    priors = np.stack([_precision(blocks, m, q, STEPS[1], TRENDS[1]) for m, q in seasons])
    scores = _posteriors(design, happened, awaited, priors)[2] + likely
    fitting = np.flatnonzero(scores > scores.max() - LEAST)
    grid = list(product(fitting, range(len(STEPS)), range(len(TRENDS))))
    priors = np.stack([_precision(blocks, *seasons[n], STEPS[s], TRENDS[t]) for n, s, t in grid])
    step, trend = (MOVING_STEPS, MOVING_TRENDS) if moving else (STEP_PRIOR, TREND_PRIOR)
    plausible = np.array([likely[n] + np.log(step[s] * trend[t]) for n, s, t in grid])
    modes, roots, evidence = _posteriors(design, happened, awaited, priors)
    scores = evidence + plausible
    weights = np.exp(scores - scores.max())
    steps = np.array([STEPS[s] for _, s, _ in grid])
    return Tempo(until, blocks, quarter_phase, weights / weights.sum(), modes, roots, steps)


def place_in_quarter(days: Ints, quarter_phase: int) -> Ints:
    """Return 0 in a quarter's last two weeks, 1 in the month before them, else 2."""
    return np.searchsorted(np.array(QUARTER_PLACES), left_of_quarter(days, quarter_phase))


def quarter_class(days: Ints, quarter_phase: int) -> Ints:
    """Return the same more finely: 0 in a quarter's last three days, and so on."""
    return np.searchsorted(QUARTER_BORDERS, left_of_quarter(days, quarter_phase))


def left_of_quarter(days: Ints, quarter_phase: int) -> Ints:
    """Return how many days of its quarter are left on each day, itself included."""
    months = dates_of(days).astype("datetime64[M]").astype(np.int64)
    ends = months - (months - quarter_phase) % 3 + 3
    return ends.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - days


def _columns(days: Ints, until: int, blocks: int, quarter_phase: int) -> tuple[Ints, Floats]:
    """Return the four parameters of each day (month, place in the quarter, weekend, level), and
    how far the trend has come on it."""
    months = dates_of(days).astype("datetime64[M]").astype(np.int64)
    place = MONTHS + quarter_class(days, quarter_phase)
    weekend = np.where((days + 3) % 7 >= 5, WEEKEND, WORKDAY)
    back = (until - days) // BLOCK_DAYS
    ahead = np.maximum(-back, 0)
    coming = TREND_DAMPING * (1 - TREND_DAMPING**ahead) / (1 - TREND_DAMPING)
    trend = np.where(back < 0, coming, -np.minimum(back, TREND_BLOCKS).astype(np.float64))
    block = LEVEL + np.clip(back, 0, blocks - 1)
    return np.stack([months % MONTHS, place, weekend, block], axis=1), trend


def _precision(blocks: int, month: float, quarter: float, step: float, trend: float) -> Floats:
    width = LEVEL + blocks
    prior = np.zeros((width, width))
    prior[np.arange(MONTHS), np.arange(MONTHS)] = 1 / month**2
    prior[np.arange(MONTHS, WEEKEND), np.arange(MONTHS, WEEKEND)] = 1 / quarter**2
    prior[WEEKEND, WEEKEND] = 1 / WEEKEND_SPREAD**2
    prior[WORKDAY, WORKDAY] = 1.0
    prior[TREND, TREND] = 1 / trend**2
    level = np.arange(LEVEL, width)
    prior[level[-1], level[-1]] += 1 / FIRST_LEVEL_SPREAD**2
    for one, other in pairwise(level):
        prior[one, one] += 1 / step**2
        prior[other, other] += 1 / step**2
        prior[one, other] -= 1 / step**2
        prior[other, one] -= 1 / step**2
    return prior


def _posteriors(
    design: Floats, events: Floats, expected: Floats, priors: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return modes, Cholesky factors of precisions and log evidences (Laplace), one a prior."""
    grid, width = priors.shape[:2]
    modes = np.zeros((grid, width))
    modes[:, LEVEL:] = np.log((events.sum() + 0.5) / (expected.sum() + 0.5))
    pairs = _pairs(design)
    for _ in range(NEWTON_STEPS):
        rates, hessians = _curvature(design, expected, modes, priors, pairs)
        gradients = (events[None] - rates) @ design - np.einsum("gpq,gq->gp", priors, modes)
        steps = np.linalg.solve(hessians, gradients[:, :, None])[:, :, 0]
        modes = modes + np.clip(steps, -1.5, 1.5)
    rates, hessians = _curvature(design, expected, modes, priors, pairs)
    roots = np.linalg.cholesky(hessians)
    prior_roots = np.linalg.cholesky(priors)
    log_rates = modes @ design.T + np.log(np.maximum(expected, 1e-300))[None]
    evidence: Floats = np.asarray(
        log_rates @ events - rates.sum(axis=1)
        - 0.5 * np.einsum("gp,gpq,gq->g", modes, priors, modes)
        + np.log(np.diagonal(prior_roots, axis1=1, axis2=2)).sum(axis=1)
        - np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    )  # fmt: skip
    return modes, roots, evidence


def _curvature(
    design: Floats, expected: Floats, modes: Floats, priors: Floats, pairs: tuple[Ints, Floats]
) -> tuple[Floats, Floats]:
    rates = expected[None] * np.exp(modes @ design.T)
    place, products = pairs
    sums = rates @ products
    grid, width = modes.shape
    hessians = np.zeros((grid, width * width))
    hessians[:, place] = sums
    hessians[:, place % width * width + place // width] = sums
    return rates, priors + hessians.reshape(priors.shape)


def _pairs(design: Floats) -> tuple[Ints, Floats]:
    """Return where products of two columns are not all zero, and those products by row.

    A day has few parameters of all: most products are zero.
    """
    width = design.shape[1]
    shared = np.triu((design != 0).astype(np.float64).T @ (design != 0))
    place = np.flatnonzero(shared)
    return place, design[:, place // width] * design[:, place % width]
