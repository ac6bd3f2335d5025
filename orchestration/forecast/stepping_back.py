"""How far the model steps back towards the plain measured paths.

Where rates neither drift nor have a season, the paths of all history are hard to beat, and what the
model adds is noise: the mean of both is better than either (Bates and Granger, Oper. Res. Quart.
20, 1969). Whether the paths were sound is seen on past landmarks: did what was won in the month
after differ from what they say by more than chance?
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from orchestration.forecast.history import Flags, Ints
from orchestration.forecast.landmarks import Rows, landmark_rows, sampled
from orchestration.forecast.measured import Measured
from orchestration.forecast.past import WON, Floats, Past
from orchestration.forecast.stage_paths import LONGEST_PATH

# Both views rest on one past: beyond so much weight, draws lie no closer together. With fewer wins
# than enough they lie less close: what both measure on few, both have wrong alike.
MOST_WEIGHT, INDEPENDENT, ENOUGH_WINS = 0.8, 0.5, 400
# Days ahead at which the totals of both are compared.
COMPARED_DAYS = 60
SEEN_DAYS = 30
YEAR_OF_LANDMARKS, YEAR_DAYS = 12, 365
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


def grown_pipelines(past: Past) -> Flags:
    """Return by pipeline whether its paths have been seen for a year."""
    pipeline = past.spells.dimensions["pipeline"]
    first = np.full(len(pipeline.names), past.as_of)
    np.minimum.at(first, pipeline.codes, np.maximum(past.spells.start, past.seen_from))
    return np.asarray(first <= past.as_of - YEAR_DAYS)


def stepped_back(
    chances: npt.NDArray[np.float32],
    edges: Ints,
    measured: Floats,
    values: Floats,
    weight: float,
    wins: int,
) -> npt.NDArray[np.float32]:
    """Move the chances (draws, edges, deals) so that their total is between both.

    ``measured`` (edges, deals) are those of the paths, seen on ``wins`` wins, ``values`` what deals
    bring. Deals keep their order; draws lie closer together, as two views that agree are surer than
    one.
    """
    mean = chances.mean(axis=0, dtype=np.float64)
    own, theirs = mean @ values, measured @ values
    ratio = np.divide(theirs, own, out=np.ones_like(own), where=own > 0)
    # When wins come is half left to the model, which sees more of a deal than its stage and age.
    ratio = (ratio + np.interp(COMPARED_DAYS, edges, ratio)) / 2
    factor = np.clip(1 + weight * (ratio - 1), *FACTOR_BOUNDS)
    closer = 1 - min(weight, INDEPENDENT * min(wins / ENOUGH_WINS, 1.0)) / 2
    # In place: a large company's chances fill hundreds of megabytes.
    middle = mean.astype(np.float32)[None]
    moved = chances - middle
    moved *= np.float32(closer)
    moved += middle
    moved *= factor.astype(np.float32)[None, :, None]
    np.clip(moved, 0, 1, out=moved)
    return np.asarray(np.maximum.accumulate(moved, axis=1, out=moved))
