"""How the odds of losing, when a stay in a stage ends, have moved with the calendar.

A logistic regression of the ends of stays on stage and time spent in it, with a level that walks
at random from month to month and a trend that dies out (a dynamic generalised linear model: West,
Harrison and Migon, J. Amer. Statist. Assoc. 80, 1985). All stages tell of one drift, long before
it shows in what is won. Only the drift is estimated here; ``measured`` leans its paths by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.forecast.tempo import QUARTER_CLASSES, quarter_class

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

BLOCK_DAYS, MOST_BLOCKS = 30, 40
# Standard deviations of a month's step and of the trend a month, and how plausible they are.
STEPS, STEP_PRIOR = (0.005, 0.04, 0.12), (0.6, 0.3, 0.1)
TRENDS, TREND_PRIOR = (0.003, 0.03, 0.1), (0.4, 0.3, 0.3)
TREND_BLOCKS, TREND_DAMPING = 12, 0.97
LEVEL_SPREAD, QUARTER_SPREAD = 1.0, 0.3
# With less than a year, what changes may come again each year.
LEAST_DAYS = 400
ROUNDS = 3
NEWTON_STEPS = 3
# Ends of stays are told apart by the days spent; few of a kind are drawn to their stage's.
STAY_BORDERS = np.array([8, 22])
LENT_ENDS = 8.0
# A drift is one of more than so many standard deviations within a year, and enough to be felt.
NOTEWORTHY_DEVIATIONS, NOTEWORTHY_CHANGE = 2.0, 0.15


@dataclass(frozen=True)
class Leaning:
    """Log odds by which losing is likelier than on average: a mixture of normal distributions."""

    until: int
    days: int  # on which ends are told
    blocks: int
    weights: Floats
    # (grid, p): the trend, the months' levels from the newest on, and the parts of the quarter
    modes: Floats
    roots: Floats  # (grid, p, p): the precision's Cholesky factor
    steps: Floats

    def mean(self, days: Ints) -> Floats:
        """Return the leaning on each day, past or to come."""
        block, trend = _place(self.until - days, self.blocks)
        return np.asarray(
            self.weights @ (self.modes[:, 1 + block] + self.modes[:, :1] * trend[None])
        )

    def draws(self, count: int, ahead: Ints) -> Floats:
        """Draw the leaning so many days ahead, (count, days); the same draws each time."""
        rng = np.random.default_rng([self.until, count])
        chosen = np.searchsorted(np.cumsum(self.weights), (np.arange(count) + 0.5) / count)
        chosen = rng.permutation(np.minimum(chosen, len(self.weights) - 1))
        noise = rng.standard_normal((count, self.modes.shape[1], 1))
        shifts = np.linalg.solve(np.swapaxes(self.roots[chosen], 1, 2), noise)[:, :, 0]
        values = self.modes[chosen] + shifts
        months = np.maximum(ahead, 0) // BLOCK_DAYS
        walk = np.cumsum(rng.standard_normal((count, MOST_BLOCKS)), axis=1)
        _, trend = _place(-ahead, self.blocks)
        drawn = values[:, 1:2] + values[:, :1] * trend[None]
        return np.asarray(drawn + self.steps[chosen][:, None] * walk[:, months])

    @property
    def change(self) -> float:
        """Return the change within a year, 0 where that may be chance, or a season."""
        if self.days < LEAST_DAYS:
            return 0.0
        contrast = np.zeros(self.modes.shape[1])
        back = min(TREND_BLOCKS, self.blocks - 1)
        contrast[0] = back
        contrast[1] += 1.0
        contrast[1 + back] -= 1.0
        changes = self.modes @ contrast
        halves = np.linalg.solve(
            self.roots, np.broadcast_to(contrast, self.modes.shape)[:, :, None]
        )
        squares = np.square(halves[:, :, 0]).sum(axis=1) + changes**2
        mean = float(self.weights @ changes)
        deviation = float(np.sqrt(max(float(self.weights @ squares) - mean**2, 0.0)))
        is_noted = abs(mean) > max(NOTEWORTHY_DEVIATIONS * deviation, NOTEWORTHY_CHANGE)
        return mean if is_noted else 0.0


def fit_leaning(
    until: int, quarter_phase: int, stage: Ints, stayed: Ints, day: Ints, is_lost: Floats
) -> Leaning:
    """Fit the leaning to ends of stays, one element each: stage, days stayed, day, and 1 if lost.

    ``until`` is the day up to which they are known. What returns every quarter is no leaning.
    """
    blocks = int(np.clip((until - day.min(initial=until)) // BLOCK_DAYS + 1, 1, MOST_BLOCKS))
    kinds = len(STAY_BORDERS) + 1
    kind = stage * kinds + np.searchsorted(STAY_BORDERS, stayed, side="right")
    stages = int(stage.max(initial=0)) + 1
    block, _ = _place(until - day, blocks)
    part = quarter_class(day, quarter_phase)
    place = (kind * blocks + block) * QUARTER_CLASSES + part
    shape = (stages * kinds, blocks * QUARTER_CLASSES)
    size = shape[0] * shape[1]
    ends = np.bincount(place, minlength=size).reshape(shape).astype(np.float64)
    lost = np.bincount(place, weights=is_lost, minlength=size).reshape(shape).astype(np.float64)
    _, trend = _place(np.arange(blocks) * BLOCK_DAYS, blocks)
    months = np.column_stack([trend, np.eye(blocks)])
    parts = np.tile(np.eye(QUARTER_CLASSES), (blocks, 1))
    design = np.column_stack([np.repeat(months, QUARTER_CLASSES, axis=0), parts])
    grid = list(product(range(len(STEPS)), range(len(TRENDS))))
    priors = np.stack([_precision(blocks, STEPS[s], TRENDS[t]) for s, t in grid])
    plausible = np.array([np.log(STEP_PRIOR[s] * TREND_PRIOR[t]) for s, t in grid])
    modes = np.zeros((len(grid), design.shape[1]))
    level: Floats = np.zeros(shape[1])
    base: Floats = np.zeros(shape[0])
    for _ in range(ROUNDS):
        base = _base(ends, lost, level, base, stages)
        for _ in range(NEWTON_STEPS):
            share = _logistic(base[None, :, None] + (modes @ design.T)[:, None, :])
            slope = ((lost[None] - ends[None] * share).sum(axis=1)) @ design
            slope -= np.einsum("gpq,gq->gp", priors, modes)
            width = (ends[None] * share * (1 - share)).sum(axis=1)
            curve = (width[:, None, :] * design.T[None]) @ design + priors
            modes = modes + np.clip(np.linalg.solve(curve, slope[:, :, None])[:, :, 0], -1, 1)
        logits = base[None, :, None] + (modes @ design.T)[:, None, :]
        roots = np.linalg.cholesky(curve)
        scores = plausible + (
            (lost[None] * logits - ends[None] * np.logaddexp(0, logits)).sum(axis=(1, 2))
            - 0.5 * np.einsum("gp,gpq,gq->g", modes, priors, modes)
            + np.log(np.diagonal(np.linalg.cholesky(priors), axis1=1, axis2=2)).sum(axis=1)
            - np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        )
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        level = weights @ (modes @ design.T)
    days = until - int(day.min(initial=until)) + 1
    steps = np.array([STEPS[s] for s, _ in grid])
    return Leaning(until, days, blocks, weights, modes, roots, steps)


def _base(ends: Floats, lost: Floats, level: Floats, base: Floats, stages: int) -> Floats:
    """Return the log odds of each kind at no leaning, those of few ends drawn to their stage's."""
    for _ in range(2):
        share = _logistic(base[:, None] + level[None])
        of_stage = _by_stage(lost - ends * share, stages)
        width = _by_stage(ends * share * (1 - share), stages)
        base = base + np.clip((of_stage + 0.0) / (width + 0.5), -1.5, 1.5)
    share = _logistic(base[:, None] + level[None])
    own = (lost - ends * share).sum(axis=1)
    width = (ends * share * (1 - share)).sum(axis=1)
    return np.asarray(base + np.clip(own / (width + LENT_ENDS / 4), -1.5, 1.5))


def _by_stage(values: Floats, stages: int) -> Floats:
    total = values.sum(axis=1).reshape(stages, -1).sum(axis=1)
    return np.repeat(total, len(values) // stages)


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _place(back: Ints, blocks: int) -> tuple[Ints, Floats]:
    """Return the month and how far the trend has come, so many days back (ahead if negative)."""
    month = back // BLOCK_DAYS
    ahead = np.maximum(-month, 0)
    coming = TREND_DAMPING * (1 - TREND_DAMPING**ahead) / (1 - TREND_DAMPING)
    trend = np.where(month < 0, coming, -np.minimum(month, TREND_BLOCKS).astype(np.float64))
    return np.clip(month, 0, blocks - 1), trend


def _precision(blocks: int, step: float, trend: float) -> Floats:
    prior = np.zeros((1 + blocks + QUARTER_CLASSES,) * 2)
    prior[0, 0] = 1 / trend**2
    parts = np.arange(1 + blocks, len(prior))
    prior[parts, parts] = 1 / QUARTER_SPREAD**2
    prior[blocks, blocks] += 1 / LEVEL_SPREAD**2
    for one, other in pairwise(range(1, 1 + blocks)):
        prior[one, one] += 1 / step**2
        prior[other, other] += 1 / step**2
        prior[one, other] -= 1 / step**2
        prior[other, one] -= 1 / step**2
    return prior
