"""How far chances should lie apart, judged by what became of deals on past landmarks.

Logistic recalibration (Cox, Biometrika 45, 1958; Steyerberg, "Clinical Prediction Models", 2009):
where chances were too timid, they are spread, where too bold, drawn together; by lead time, and
held near no change. Landmarks at the same place in a quarter count most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEADS = np.array([30, 60, 90, 184])
# How far the level and the spread may move before anything was seen.
LEVEL_SPREAD, SLOPE_SPREAD = 0.1, 0.2
NEWTON_STEPS = 6
LEAST_CHANCE = 1e-5
FEWEST_ROWS = 30


@dataclass(frozen=True)
class Sharpening:
    """By lead: the middle of the log odds, how they move, and how far they are spread."""

    middle: Floats
    level: Floats
    slope: Floats

    def of(self, chances: npt.NDArray[np.float32], edges: Ints) -> npt.NDArray[np.float32]:
        """Return chances (draws, edges, deals) as they should be; they keep growing with time."""
        middle, level, slope = (
            np.interp(edges, LEADS, values).astype(np.float32)[None, :, None]
            for values in (self.middle, self.level, self.slope)
        )
        odds = _logit(chances)
        moved = 1 / (1 + np.exp(-(middle + level + slope * (odds - middle))))
        moved = np.where(chances > 0, moved, np.float32(0))
        return np.asarray(np.maximum.accumulate(moved, axis=1), dtype=np.float32)


def fit_sharpening(chances: Floats, won: Flags, known: Flags, weight: Floats) -> Sharpening:
    """Fit to chances (leads, rows), whether each was won by then, and whether that is known."""
    middle, level, slope = np.zeros(len(LEADS)), np.zeros(len(LEADS)), np.ones(len(LEADS))
    for lead in range(len(LEADS)):
        here = known[lead] & (weight > 0)
        if here.sum() < FEWEST_ROWS:
            continue
        odds, happened, own = _logit(chances[lead][here]), won[lead][here], weight[here]
        middle[lead] = float(own @ odds / own.sum())
        design = np.column_stack([np.ones(len(odds)), odds - middle[lead]])
        usual = np.array([0.0, 1.0])
        prior = np.diag([1 / LEVEL_SPREAD**2, 1 / SLOPE_SPREAD**2])
        found = usual.copy()
        for _ in range(NEWTON_STEPS):
            share = 1 / (1 + np.exp(-(middle[lead] + design @ found)))
            slopes = design.T @ (own * (happened - share)) - prior @ (found - usual)
            curve = (design * (own * share * (1 - share))[:, None]).T @ design + prior
            found = found + np.linalg.solve(curve, slopes)
        level[lead], slope[lead] = found[0], max(found[1], 0.2)
    return Sharpening(middle, level, slope)


def _logit(chances: npt.NDArray[Any]) -> npt.NDArray[Any]:
    held = np.clip(chances, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return np.asarray(np.log(held / (1 - held)))
