"""Chance and time of winning along the stages of a pipeline, measured on its own history.

A semi-Markov model in whole days: how long a deal stays in a stage, and where it goes from there,
depends on the stage and on the time spent in it. Nothing here reads the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

# A day on which fewer deals were still in a stage says nothing of what happens on it.
FEWEST_AT_RISK = 5
# Days ahead within which whatever will be won is taken to be won.
LONGEST_PATH = 730

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StagePaths:
    """One pipeline, with n stages and days up to ``LONGEST_PATH``.

    ``leaving`` (n, n + 1, days + 1): chance to leave a stage on a day after entering it, for each
    other stage and, last, for being won. ``staying`` (n, days + 1): chance to be still there at
    the end of a day. ``won`` (n, days + 1): chance to be won within so many days of entering.
    """

    stages: tuple[str, ...]
    leaving: Floats
    staying: Floats
    won: Floats

    def chance(self, stage: str, age: int, days: int) -> float:
        """Return the chance to be won within ``days`` from now.

        The deal has been in ``stage`` for ``age`` whole days. Beyond the ages at which history
        saw deals leave the stage, the chance is zero.
        """
        if stage not in self.stages or days <= 0:
            return 0.0
        index = self.stages.index(stage)
        age = min(max(age, 0), LONGEST_PATH)
        last = min(age + days, LONGEST_PATH)
        unmoved = float(self.staying[index, age])
        if unmoved < 1e-12 or last <= age:
            return 0.0
        # Leaves on day u after entering, then has the rest of the window from the next stage on.
        moves = self.leaving[index, :-1, age + 1 : last + 1]
        later = self.won[:, last - age - 1 :: -1][:, : last - age]
        directly = float(self.leaving[index, -1, age + 1 : last + 1].sum())
        through = float((moves * later).sum())
        return min((directly + through) / unmoved, 1.0)

    def chance_from_entry(self, entries: dict[str, float]) -> Floats:
        """Return the chance to be won within 0, 1, … days of creation, shape (days + 1,).

        ``entries`` maps stages to the share of deals that begin in them.
        """
        chance = np.zeros(LONGEST_PATH + 1)
        for stage, share in entries.items():
            if stage in self.stages:
                chance += share * self.won[self.stages.index(stage)]
        return chance


def stage_paths(stays: pd.DataFrame) -> StagePaths:
    """Measure the paths of one pipeline.

    ``stays`` has the columns ``stage``, ``next_state`` (another stage, ``(won)``, ``(gone)`` or
    ``(open)``: still there, censored at the end of that day), ``days`` (1 or more) and ``deals``.
    Cause-specific hazards by day are those of Aalen and Johansen (Scand. J. Statist. 5, 1978);
    the chance to be won is their convolution along the stages (Pyke, "Markov Renewal Processes",
    Ann. Math. Statist. 32, 1961).
    """
    stages = tuple(sorted(set(stays["stage"])))
    size, days = len(stages), LONGEST_PATH
    targets = {stage: index for index, stage in enumerate(stages)} | {"(won)": size}
    left = np.zeros((size, size + 2, days + 2))
    for stage, next_state, day, deals in zip(
        stays["stage"], stays["next_state"], stays["days"], stays["deals"], strict=True
    ):
        row, until = targets[stage], min(int(day), days + 1)
        # The last column is everything that ends a stay without a further path.
        column = targets.get(next_state, size + 1)
        if next_state == "(open)":
            continue
        left[row, column, until] += float(deals)
    ended = np.zeros((size, days + 2))
    for stage, day, deals in zip(stays["stage"], stays["days"], stays["deals"], strict=True):
        ended[targets[stage], min(int(day), days + 1)] += float(deals)
    at_risk = ended[:, ::-1].cumsum(axis=1)[:, ::-1]
    seen = at_risk >= FEWEST_AT_RISK
    hazard = np.divide(left, at_risk[:, None, :], out=np.zeros_like(left), where=seen[:, None, :])[
        :, :, : days + 1
    ]
    staying = np.cumprod(1.0 - hazard.sum(axis=1), axis=1)
    before = np.concatenate((np.ones((size, 1)), staying[:, :-1]), axis=1)
    leaving = hazard[:, : size + 1, :] * before[:, None, :]
    won = np.zeros((size, days + 1))
    directly = leaving[:, size, :].cumsum(axis=1)
    for day in range(1, days + 1):
        later = won[:, day - 1 :: -1][:, :day]
        through = np.einsum("sju,ju->s", leaving[:, :size, 1 : day + 1], later)
        won[:, day] = directly[:, day] + through
    return StagePaths(stages, leaving, staying, won)
