"""Rates of events by many factors at once, each factor shrunk as far as the data ask for.

Piecewise-constant hazards as Poisson regression (Holford, Biometrics 36, 1980; Laird and Olivier,
J. Amer. Statist. Assoc. 76, 1981), ridge penalties chosen by the evidence (MacKay, Neural
Computation 4, 1992), uncertainty by Laplace's approximation. Knows nothing of deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, solve_triangular

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROUNDS = 8
# A step that would multiply a rate by more than e^1.5 is cut: far from the optimum it overshoots.
LONGEST_STEP = 1.5
# Hyperprior of each factor's variance: worth two levels with a spread of 0.15 on the log scale.
PRIOR_LEVELS, PRIOR_VARIANCE = 2.0, 0.15**2
LEAST_EVENTS = 0.5


@dataclass(frozen=True)
class Factor:
    """One categorical predictor: a level for each row, below ``size``."""

    name: str
    levels: Ints
    size: int


@dataclass(frozen=True)
class RateModel:
    """Log rates: an intercept, then the effect of each level of each factor.

    ``effects`` (p,), ``root`` (p, p) lower triangle of the precision's Cholesky factor,
    ``spreads`` the standard deviation found for each factor's effects, ``mean_row`` (p,) the
    average row weighted by expected events.
    """

    effects: Floats
    root: Floats
    starts: dict[str, int]
    spreads: dict[str, float]
    mean_row: Floats
    events: float

    def draws(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw effects from their posterior, shape (count, p).

        Draws keep the expected number of events of the data they were learned from: the overall
        level has its own model, and would count twice.
        """
        noise = rng.standard_normal((len(self.effects), count))
        shifts = solve_triangular(self.root, noise, lower=True, trans="T").T
        shifts[:, 0] -= shifts @ self.mean_row
        return self.effects[None, :] + shifts

    def log_rates(self, effects: Floats, factors: Sequence[Factor]) -> Floats:
        """Return log rates of rows, for ``effects`` of shape (m, p) an array (m, rows)."""
        total = np.repeat(effects[:, :1], len(factors[0].levels), axis=1)
        for factor in factors:
            start = self.starts[factor.name]
            total += effects[:, start : start + factor.size][:, factor.levels]
        return total


def fit_rates(
    factors: Sequence[Factor], events: Floats, exposure: Floats, weight: float = 1.0
) -> RateModel:
    """Fit a rate for each row to its ``events`` over its ``exposure`` (both non-negative).

    ``weight`` scales the likelihood down where rows repeat one another's events.
    """
    starts, width = {}, 1
    for factor in factors:
        starts[factor.name] = width
        width += factor.size
    total, exposed = float(events.sum()), float(exposure.sum())
    effects = np.zeros(width)
    effects[0] = np.log((total + LEAST_EVENTS) / (exposed + 1.0))
    variances = {factor.name: PRIOR_VARIANCE for factor in factors}
    log_rate = np.full(len(events), effects[0])
    root = np.eye(width)
    for _ in range(ROUNDS):
        expected = exposure * np.exp(log_rate)
        precision = np.full(width, 1e-6)
        for factor in factors:
            start = starts[factor.name]
            precision[start : start + factor.size] = 1.0 / variances[factor.name]
        gradient = weight * _sums(factors, starts, width, events - expected) - precision * effects
        hessian = weight * _products(factors, starts, width, expected)
        hessian[np.diag_indices(width)] += precision
        factorised = cho_factor(hessian, lower=True)
        root = np.tril(factorised[0])
        step = np.clip(cho_solve(factorised, gradient), -LONGEST_STEP, LONGEST_STEP)
        effects = effects + step
        inverse = solve_triangular(root, np.eye(width), lower=True)
        spread = (inverse**2).sum(axis=0)
        log_rate = np.full(len(events), effects[0])
        for factor in factors:
            start, stop = starts[factor.name], starts[factor.name] + factor.size
            log_rate += effects[start:stop][factor.levels]
            determined = factor.size - spread[start:stop].sum() / variances[factor.name]
            variances[factor.name] = float(
                (np.square(effects[start:stop]).sum() + PRIOR_LEVELS * PRIOR_VARIANCE)
                / (max(determined, 0.0) + PRIOR_LEVELS)
            )
    expected = exposure * np.exp(log_rate)
    mean_row = _sums(factors, starts, width, expected) / max(float(expected.sum()), 1e-12)
    spreads = {name: float(np.sqrt(value)) for name, value in variances.items()}
    return RateModel(effects, root, starts, spreads, mean_row, total)


def _sums(factors: Sequence[Factor], starts: dict[str, int], width: int, values: Floats) -> Floats:
    sums = np.zeros(width)
    sums[0] = values.sum()
    for factor in factors:
        start = starts[factor.name]
        sums[start : start + factor.size] = np.bincount(
            factor.levels, weights=values, minlength=factor.size
        )
    return sums


def _products(
    factors: Sequence[Factor], starts: dict[str, int], width: int, values: Floats
) -> Floats:
    """Return the weighted cross products of the indicator columns, (width, width)."""
    products = np.zeros((width, width))
    sums = _sums(factors, starts, width, values)
    products[0, :] = products[:, 0] = sums
    products[np.diag_indices(width)] = sums
    for row, one in enumerate(factors):
        begin = starts[one.name]
        for other in factors[row + 1 :]:
            start = starts[other.name]
            block = np.bincount(
                one.levels * other.size + other.levels,
                weights=values,
                minlength=one.size * other.size,
            ).reshape(one.size, other.size)
            products[begin : begin + one.size, start : start + other.size] = block
            products[start : start + other.size, begin : begin + one.size] = block.T
    return products
