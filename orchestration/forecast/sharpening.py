"""How far chances should lie apart, judged by what became of deals on past landmarks.

Logistic recalibration (Cox, Biometrika 45, 1958), piecewise linear in the log odds and held near
no change: where chances were too timid, they are spread, where too bold, drawn together, by lead
time. Landmarks at the same place in a quarter count most, and where months differ, those of the
same month of the year have a correction of their own on top: what a slow month delays, the
quarter's end may make up for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

LEADS = np.array([30, 60, 90, 184])
# Log odds at which the correction has a value of its own; how far those may lie from none, and
# from their neighbours, before anything was seen.
KNOTS = np.log(np.array([0.04, 0.13, 0.3, 0.55, 0.85]) / np.array([0.96, 0.87, 0.7, 0.45, 0.15]))
SPREAD, STEP = 0.3, 0.3
# Deals in their last stage when a quarter ends are judged apart, by how long they were in it then:
# what only waits for that day is surer than its past says. How far their log odds may lie off.
WAITED, WAITING_SPREAD = np.array([12, 30]), 0.6
WAITING_KINDS = len(WAITED) + 1
# The same of what the month of the year adds, where months are seen to differ.
SEASON_SPREAD, SEASON_STEP, SEASON_WAITING = 0.5, 0.4, 0.4
NEWTON_STEPS = 4
LEAST_CHANCE = 1e-5
LEAST_SEASON = 0.01
FEWEST_ROWS = 30


@dataclass(frozen=True)
class Sharpening:
    """What is added to the log odds, (leads, knots and kinds of waiting)."""

    added: Floats

    def of(
        self, chances: npt.NDArray[np.float32], edges: Ints, waiting: Ints
    ) -> npt.NDArray[np.float32]:
        """Return chances (draws, edges, deals) as they should be; they keep growing with time.

        ``waiting`` (edges, deals): the kind, 0 for deals that wait for nothing.
        """
        moved = chances.copy()
        for place, edge in enumerate(edges):
            added = np.array([np.interp(edge, LEADS, values) for values in self.added.T])
            odds = _logit(chances[:, place])
            told = np.r_[0.0, added[len(KNOTS) :]][waiting[place]]
            odds = odds + np.interp(odds, KNOTS, added[: len(KNOTS)]) + told
            moved[:, place] = 1 / (1 + np.exp(-odds))
        moved[chances == 0] = 0
        return np.asarray(np.maximum.accumulate(moved, axis=1), dtype=np.float32)


def fit_sharpening(
    chances: Floats,
    won: Flags,
    known: Flags,
    weight: Floats,
    waiting: Ints,
    in_season: Flags,
    season: float = 1.0,
) -> Sharpening:
    """Fit to chances (leads, rows), whether each was won by then, and whether that is known.

    ``in_season``: rows of the same month of the year as today; ``season``: how far months are seen
    to differ, from 0 to 1.
    """
    width = len(KNOTS) + WAITING_KINDS
    added = np.zeros((len(LEADS), width))
    prior = np.zeros((2 * width, 2 * width))
    prior[:width, :width] = _prior(SPREAD, STEP, WAITING_SPREAD)
    prior[width:, width:] = (
        _prior(SEASON_SPREAD, SEASON_STEP, SEASON_WAITING) / max(season, LEAST_SEASON) ** 2
    )
    for lead in range(len(LEADS)):
        here = known[lead] & (weight > 0)
        if here.sum() < FEWEST_ROWS:
            continue
        odds, happened, own = _logit(chances[lead][here]), won[lead][here], weight[here]
        knots = [np.interp(odds, KNOTS, row) for row in np.eye(len(KNOTS))]
        kinds = [waiting[lead][here] == kind + 1 for kind in range(WAITING_KINDS)]
        always = np.column_stack([*knots, *kinds]).astype(np.float64)
        design = np.hstack([always, always * in_season[here, None]])
        found = np.zeros(2 * width)
        for _ in range(NEWTON_STEPS):
            share = 1 / (1 + np.exp(-(odds + design @ found)))
            slopes = design.T @ (own * (happened - share)) - prior @ found
            curve = (design * (own * share * (1 - share))[:, None]).T @ design + prior
            found += np.linalg.solve(curve, slopes)
        added[lead] = found[:width] + found[width:]
    return Sharpening(added)


def _prior(spread: float, step: float, waiting: float) -> Floats:
    """Return the precision of a correction's parts: knots, then kinds of waiting."""
    steps = np.diff(np.eye(len(KNOTS)), axis=0)
    prior = np.eye(len(KNOTS) + WAITING_KINDS) / waiting**2
    prior[: len(KNOTS), : len(KNOTS)] = np.eye(len(KNOTS)) / spread**2 + steps.T @ steps / step**2
    return prior


def _logit(chances: npt.NDArray[Any]) -> npt.NDArray[Any]:
    held = np.clip(chances, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return np.asarray(np.log(held / (1 - held)))
