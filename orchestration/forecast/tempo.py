"""How fast things happen by the calendar: the year's season, the quarter's end, and the level.

A daily count around an expected one, as a Poisson regression with a level that walks at random
from month to month (West and Harrison, "Bayesian Forecasting and Dynamic Models", 1997), so that a
drift is followed and its continuation is uncertain. How much each part may vary is averaged over a
grid by the evidence. Knows nothing of deals.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from orchestration.forecast.history import dates_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BLOCK_DAYS = 30
MOST_BLOCKS = 40
# Standard deviations, on the log scale, of the months' effects, of the quarter's last weeks and of
# a month's step of the level; and how plausible each step is before anything was seen.
MONTH_SPREADS = (0.03, 0.12, 0.35)
QUARTER_SPREADS = (0.05, 0.5)
STEPS = (0.01, 0.03, 0.07, 0.14)
STEP_PRIOR = (0.35, 0.35, 0.2, 0.1)
WEEKEND_SPREAD = 1.5
FIRST_LEVEL_SPREAD = 1.0
NEWTON_STEPS = 6
# Before the quarter's end: its last two weeks and the four before them.
QUARTER_CLASSES = (14, 45)
# Parameters: twelve months, three places in the quarter, weekends, and one without effect.
MONTHS, WEEKEND, WORKDAY, LEVEL = 12, 15, 16, 17


@dataclass(frozen=True)
class Tempo:
    """Posterior of a tempo: a mixture over the grid, each element a normal distribution."""

    until: int
    blocks: int
    quarter_phase: int
    weights: Floats
    modes: Floats  # (grid, p)
    roots: Floats  # (grid, p, p)
    steps: Floats  # (grid,)

    def mean(self, days: Ints) -> Floats:
        """Return the tempo on past days: events over expected ones."""
        columns = _columns(days, self.until, self.blocks, self.quarter_phase)
        logs = np.stack([mode[columns].sum(axis=1) for mode in self.modes])
        return np.asarray(self.weights @ np.exp(logs))

    def draws(self, rng: np.random.Generator, count: int, horizon: int) -> Floats:
        """Draw the tempo of the days after ``until``, shape (count, horizon)."""
        days = np.arange(self.until + 1, self.until + 1 + horizon)
        columns = _columns(days, self.until, self.blocks, self.quarter_phase)
        width = self.modes.shape[1]
        chosen = np.searchsorted(np.cumsum(self.weights), (np.arange(count) + 0.5) / count)
        chosen = np.minimum(chosen, len(self.weights) - 1)
        noise = rng.standard_normal((count, width))
        ahead = -(-horizon // BLOCK_DAYS)
        walk = np.cumsum(rng.standard_normal((count, ahead)), axis=1)
        drawn = np.empty((count, horizon))
        block = np.arange(horizon) // BLOCK_DAYS
        for row, at in enumerate(chosen):
            values = self.modes[at] + solve_triangular(
                self.roots[at], noise[row], lower=True, trans="T"
            )
            values[WORKDAY] = 0.0
            drawn[row] = np.exp(values[columns].sum(axis=1) + self.steps[at] * walk[row][block])
        # In no order of the grid: draws of several tempos are combined one by one.
        return drawn[rng.permutation(count)]

    @property
    def step(self) -> float:
        """Return the likely size of a month's step of the level, on the log scale."""
        return float(self.weights @ self.steps)

    def level_change(self, blocks: int) -> tuple[float, float]:
        """Return the change of the level over the last blocks, and its standard deviation."""
        newest = self.modes.shape[1] - self.blocks
        older = newest + min(blocks, self.blocks - 1)
        changes, squares = [], []
        for mode, root in zip(self.modes, self.roots, strict=True):
            contrast = np.zeros(len(mode))
            contrast[newest] += 1.0
            contrast[older] -= 1.0
            half = solve_triangular(root, contrast, lower=True)
            changes.append(float(contrast @ mode))
            squares.append(float(half @ half) + float(contrast @ mode) ** 2)
        mean = float(self.weights @ np.array(changes))
        return mean, float(np.sqrt(max(self.weights @ np.array(squares) - mean**2, 0.0)))


def fit_tempo(first: int, events: Floats, expected: Floats, quarter_phase: int) -> Tempo:
    """Fit a tempo to daily events beside expected ones, from day ``first`` on.

    ``quarter_phase`` is the number (0–2) of the month, counted from January 1970, modulo three, in
    which fiscal quarters begin.
    """
    until = first + len(events) - 1
    blocks = int(np.clip(-(-len(events) // BLOCK_DAYS), 1, MOST_BLOCKS))
    days = np.arange(first, until + 1)
    columns = _columns(days, until, blocks, quarter_phase)
    seen = expected > 0
    cells, inverse = np.unique(columns[seen], axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    happened = np.bincount(inverse, weights=events[seen], minlength=len(cells))
    awaited = np.bincount(inverse, weights=expected[seen], minlength=len(cells))
    width = LEVEL + blocks
    design = np.zeros((len(cells), width))
    for column in range(columns.shape[1]):
        design[np.arange(len(cells)), cells[:, column]] += 1.0
    design[:, WORKDAY] = 0.0
    grid = list(product(MONTH_SPREADS, QUARTER_SPREADS, range(len(STEPS))))
    modes, roots, evidence = [], [], []
    for month, quarter, step in grid:
        prior = _precision(blocks, month, quarter, STEPS[step])
        mode, root, score = _posterior(design, happened, awaited, prior)
        modes.append(mode)
        roots.append(root)
        evidence.append(score + np.log(STEP_PRIOR[step]))
    scores = np.array(evidence)
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    steps = np.array([STEPS[step] for _, _, step in grid])
    return Tempo(until, blocks, quarter_phase, weights, np.stack(modes), np.stack(roots), steps)


def _columns(days: Ints, until: int, blocks: int, quarter_phase: int) -> Ints:
    """Return the four parameters of each day: month, place in the quarter, weekend, level."""
    months = dates_of(days).astype("datetime64[M]").astype(np.int64)
    ends = months - (months - quarter_phase) % 3 + 3
    left = ends.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - days
    place = MONTHS + np.searchsorted(np.array(QUARTER_CLASSES), left)
    weekend = np.where((days + 3) % 7 >= 5, WEEKEND, WORKDAY)
    block = np.clip((until - days) // BLOCK_DAYS, 0, blocks - 1)
    return np.stack([months % MONTHS, place, weekend, LEVEL + block], axis=1)


def _precision(blocks: int, month: float, quarter: float, step: float) -> Floats:
    width = LEVEL + blocks
    prior = np.zeros((width, width))
    prior[np.arange(MONTHS), np.arange(MONTHS)] = 1 / month**2
    prior[np.arange(MONTHS, WEEKEND), np.arange(MONTHS, WEEKEND)] = 1 / quarter**2
    prior[WEEKEND, WEEKEND] = 1 / WEEKEND_SPREAD**2
    prior[WORKDAY, WORKDAY] = 1.0
    level = np.arange(LEVEL, width)
    prior[level[-1], level[-1]] += 1 / FIRST_LEVEL_SPREAD**2
    for one, other in zip(level[:-1], level[1:], strict=True):
        prior[one, one] += 1 / step**2
        prior[other, other] += 1 / step**2
        prior[one, other] -= 1 / step**2
        prior[other, one] -= 1 / step**2
    return prior


def _posterior(
    design: Floats, events: Floats, expected: Floats, prior: Floats
) -> tuple[Floats, Floats, float]:
    """Return the mode, the precision's Cholesky factor and the log evidence (Laplace)."""
    width = design.shape[1]
    mode = np.zeros(width)
    level = np.log((events.sum() + 0.5) / (expected.sum() + 0.5))
    mode[LEVEL:] = level
    factorised = cho_factor(prior, lower=True)
    prior_logdet = 2 * np.log(np.diag(factorised[0])).sum()
    for _ in range(NEWTON_STEPS):
        rate = expected * np.exp(design @ mode)
        gradient = design.T @ (events - rate) - prior @ mode
        hessian = design.T @ (design * rate[:, None]) + prior
        factorised = cho_factor(hessian, lower=True)
        mode = mode + np.clip(cho_solve(factorised, gradient), -1.5, 1.5)
    rate = expected * np.exp(design @ mode)
    hessian = design.T @ (design * rate[:, None]) + prior
    root = np.tril(cho_factor(hessian, lower=True)[0])
    log_rate = design @ mode + np.log(np.maximum(expected, 1e-300))
    evidence = float(
        events @ log_rate - rate.sum() - 0.5 * mode @ prior @ mode
        + 0.5 * prior_logdet - np.log(np.diag(root)).sum()
    )  # fmt: skip
    return mode, root, evidence
