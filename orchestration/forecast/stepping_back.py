"""How far the model steps back towards the plain measured paths.

Where rates neither drift nor have a season, the paths of all history are hard to beat, and what the
model adds is noise: the mean of both is better than either (Bates and Granger, Oper. Res. Quart.
20, 1969). Whether the paths were sound is seen on past landmarks: did what was won in the month
after differ from what they say by more than chance?
"""

from __future__ import annotations

import numpy as np

from orchestration.forecast.landmarks import Rows, landmark_rows, sampled
from orchestration.forecast.measured import Measured
from orchestration.forecast.past import WON, Floats, Past
from orchestration.forecast.stage_paths import LONGEST_PATH

MOST_WEIGHT = 0.5
SEEN_DAYS = 30
YEAR_OF_LANDMARKS = 12
FEWEST_LANDMARKS = 6
MOST_ROWS = 6_000
LEAST_VARIANCE = 0.5
# Mean squared deviations, in units of chance, up to which paths are sound, and from which useless.
SOUND, UNSOUND = 1.3, 2.5
FACTOR_BOUNDS = (0.5, 2.0)


def weight_of_paths(past: Past, measured: Measured) -> float:
    """Return the weight of the measured paths, 0 to ``MOST_WEIGHT``."""
    rows = landmark_rows(past)
    recent = rows.day > past.as_of - (YEAR_OF_LANDMARKS + 0.5) * SEEN_DAYS
    rows = sampled(past, Rows(rows.state[recent], rows.day[recent]), MOST_ROWS)
    days, of = np.unique(rows.day, return_inverse=True)
    states, spells = past.states, past.spells
    ages = np.clip(rows.day - states.entered[rows.state], 0, LONGEST_PATH)
    said, _ = measured.chances(
        states.dimensions["pipeline"].codes[rows.state], states.stage.codes[rows.state], ages,
        np.array([SEEN_DAYS]),
    )  # fmt: skip
    spell = states.spell[rows.state]
    won = (spells.cause[spell] == WON) & (spells.end[spell] <= rows.day + SEEN_DAYS)
    chance = said[:, 0]
    off, variance = (
        np.bincount(of.reshape(-1), weights=values, minlength=len(days))
        for values in (won - chance, chance * (1 - chance))
    )
    judged = variance > LEAST_VARIANCE
    if judged.sum() < FEWEST_LANDMARKS:
        return 0.0
    deviation = float((off[judged] ** 2 / variance[judged]).mean())
    share = (UNSOUND - deviation) / (UNSOUND - SOUND)
    return MOST_WEIGHT * float(np.clip(share, 0.0, 1.0))


def stepped_back(
    chances: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    measured: Floats,
    values: Floats,
    weight: float,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Move the chances (draws, borders, deals) so that their total is the mean of both.

    ``measured`` (borders, deals) are those of the paths, ``values`` what deals bring. Deals keep
    their order, and draws their spread.
    """
    own = chances.mean(axis=0, dtype=np.float64) @ values
    theirs = measured @ values
    ratio = np.divide(theirs, own, out=np.ones_like(own), where=own > 0)
    factor = np.clip(1 + weight * (ratio - 1), *FACTOR_BOUNDS).astype(np.float32)
    moved = np.minimum(chances * factor[None, :, None], np.float32(1))
    return np.maximum.accumulate(moved, axis=1)
