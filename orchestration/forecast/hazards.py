"""Rates of events by many factors at once, each factor shrunk as far as the data ask for.

Piecewise-constant hazards as Poisson regression (Holford, Biometrics 36, 1980; Laird and Olivier,
J. Amer. Statist. Assoc. 76, 1981), ridge penalties chosen by the evidence (MacKay, Neural
Computation 4, 1992), uncertainty by Laplace's approximation. Knows nothing of deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

ROUNDS = 6
# A step that would multiply a rate by more than e^1.5 is cut: far from the optimum it overshoots.
LONGEST_STEP = 1.5
# Hyperprior of each factor's variance: worth so many levels that lie apart by the factor's spread.
PRIOR_LEVELS = 2.0
# What holds a random walk near zero, beside the steps.
CHAIN_PULL = 0.05
LEAST_EVENTS = 0.5


@dataclass(frozen=True)
class Factor:
    """One categorical predictor: a level for each row, below ``size``.

    ``spread`` is how far effects lie apart before anything is seen, on the log scale. Where
    ``chain`` is set, so many levels in a row are steps of a random walk.
    """

    name: str
    levels: Ints
    size: int
    spread: float = 0.15
    chain: int = 0

    def structure(self) -> Floats:
        """Return the precision of the effects but for their variance, (size, size)."""
        if not self.chain:
            return np.asarray(np.eye(self.size), dtype=np.float64)
        step = np.diff(np.eye(self.chain), axis=0)
        walk = step.T @ step + CHAIN_PULL * np.eye(self.chain)
        return np.asarray(np.kron(np.eye(self.size // self.chain), walk), dtype=np.float64)


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
        shifts = np.linalg.solve(self.root.T, noise).T
        shifts[:, 0] -= shifts @ self.mean_row
        return np.asarray(self.effects[None, :] + shifts, dtype=np.float64)

    def log_rates(self, effects: Floats, factors: Sequence[Factor]) -> Floats:
        """Return log rates of rows, for ``effects`` of shape (m, p) an array (m, rows)."""
        total = np.repeat(effects[:, :1], len(factors[0].levels), axis=1)
        for factor in factors:
            start = self.starts[factor.name]
            total += effects[:, start : start + factor.size][:, factor.levels]
        return total


def fit_rates(
    factors: Sequence[Factor],
    events: Floats,
    exposure: Floats,
) -> RateModel:
    """Fit a rate for each row to its ``events`` over its ``exposure`` (both non-negative)."""
    starts, width = {}, 1
    for factor in factors:
        starts[factor.name] = width
        width += factor.size
    total, exposed = float(events.sum()), float(exposure.sum())
    effects = np.zeros(width)
    effects[0] = np.log((total + LEAST_EVENTS) / (exposed + 1.0))
    variances = {factor.name: factor.spread**2 for factor in factors}
    structures = {factor.name: factor.structure() for factor in factors}
    log_rate = _log_rate(factors, starts, effects)
    root: Floats = np.eye(width)
    pairs = _pairs(factors)
    happened = _sums(factors, starts, width, events)
    for _ in range(ROUNDS):
        expected = exposure * np.exp(log_rate)
        precision = np.zeros((width, width))
        precision[0, 0] = 1e-6
        for factor in factors:
            block = slice(starts[factor.name], starts[factor.name] + factor.size)
            precision[block, block] = structures[factor.name] / variances[factor.name]
        sums = _sums(factors, starts, width, expected)
        gradient = happened - sums - precision @ effects
        hessian = _products(pairs, starts, sums, expected) + precision
        root = np.linalg.cholesky(hessian)
        inverse = np.linalg.inv(root)
        step = np.clip(inverse.T @ (inverse @ gradient), -LONGEST_STEP, LONGEST_STEP)
        effects = effects + step
        log_rate = _log_rate(factors, starts, effects)
        for factor in factors:
            block = slice(starts[factor.name], starts[factor.name] + factor.size)
            part, own = inverse[:, block], effects[block]
            loose = float(((part @ structures[factor.name]) * part).sum())
            determined = max(factor.size - loose / variances[factor.name], 0.0)
            variances[factor.name] = float(
                (own @ structures[factor.name] @ own + PRIOR_LEVELS * factor.spread**2)
                / (determined + PRIOR_LEVELS)
            )
    expected = exposure * np.exp(log_rate)
    mean_row = _sums(factors, starts, width, expected) / max(float(expected.sum()), 1e-12)
    spreads = {name: float(np.sqrt(value)) for name, value in variances.items()}
    return RateModel(effects, root, starts, spreads, mean_row, total)


def _log_rate(factors: Sequence[Factor], starts: dict[str, int], effects: Floats) -> Floats:
    log_rate = np.full(len(factors[0].levels), effects[0])
    for factor in factors:
        start = starts[factor.name]
        log_rate += effects[start : start + factor.size][factor.levels]
    return log_rate


def _sums(factors: Sequence[Factor], starts: dict[str, int], width: int, values: Floats) -> Floats:
    sums = np.zeros(width)
    sums[0] = values.sum()
    for factor in factors:
        start = starts[factor.name]
        sums[start : start + factor.size] = np.bincount(
            factor.levels, weights=values, minlength=factor.size
        )
    return sums


def _pairs(factors: Sequence[Factor]) -> list[tuple[Factor, Factor, Ints]]:
    """Return each two factors with the level of both together, one a row."""
    return [
        (one, other, one.levels * other.size + other.levels)
        for row, one in enumerate(factors)
        for other in factors[row + 1 :]
    ]


def _products(
    pairs: Sequence[tuple[Factor, Factor, Ints]],
    starts: dict[str, int],
    sums: Floats,
    values: Floats,
) -> Floats:
    """Return the weighted cross products of the indicator columns; ``sums`` are their sums."""
    width = len(sums)
    products = np.zeros((width, width))
    products[0, :] = products[:, 0] = sums
    products[np.diag_indices(width)] = sums
    for one, other, both in pairs:
        begin, start = starts[one.name], starts[other.name]
        block = np.bincount(both, weights=values, minlength=one.size * other.size)
        block = block.reshape(one.size, other.size)
        products[begin : begin + one.size, start : start + other.size] = block
        products[start : start + other.size, begin : begin + one.size] = block.T
    return products
