"""Chance and time of winning along the stages of a pipeline, measured on its own history.

A semi-Markov model in whole days: how long a deal stays in a stage, and where it goes from there,
depends on the stage and on the time spent in it. Nothing here reads the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

# A day on which fewer deals were still in a stage says nothing of what happens on it.
FEWEST_AT_RISK = 5
# Days ahead within which whatever will be won is taken to be won.
LONGEST_PATH = 730

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Ints: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class StagePaths:
    """One pipeline, with n stages and days up to ``LONGEST_PATH``.

    ``leaving`` (n, n + 2, days + 1): chance to leave a stage on a day after entering it, for each
    other stage, then for being won, then for ending otherwise. ``staying`` (n, days + 1): chance to
    be still there at the end of a day. ``won`` and ``gone`` (n, days + 1): chance to have come to
    either end within so many days of entering. ``at_risk`` (n, days + 2): deals seen in the stage
    on a day after entering it.
    """

    stages: tuple[str, ...]
    leaving: Floats
    staying: Floats
    won: Floats
    gone: Floats
    at_risk: Floats

    def chance(self, stage: str, age: int, days: int) -> float:
        """Return the chance to be won within ``days`` from now.

        The deal has been in ``stage`` for ``age`` whole days. Beyond the ages at which history
        saw deals leave the stage, the chance is zero.
        """
        if stage not in self.stages or days <= 0:
            return 0.0
        place = np.array([self.stages.index(stage)])
        won, _ = self.chances(place, np.array([age]), np.array([days]))
        return float(won[0, 0])

    def chances(self, stages: Ints, ages: Ints, days: Ints) -> tuple[Floats, Floats]:
        """Return the chances to be won, and to end otherwise, within each of ``days``.

        ``stages`` (numbers of stages) and ``ages`` have one element a case, the chances the shape
        (cases, days).
        """
        count = len(self.stages)
        ages = np.clip(ages, 0, LONGEST_PATH)
        longest = int(min(days.max(initial=0), LONGEST_PATH))
        padded = np.concatenate(
            (self.leaving, np.zeros((count, count + 2, longest))), axis=2
        )  # fmt: skip
        steps = ages[:, None] + 1 + np.arange(longest)[None, :]
        ahead = padded[stages[:, None], :, steps]  # (cases, days ahead, to)
        unmoved = self.staying[stages, ages]
        ends = []
        for column, ended in ((count, self.won), (count + 1, self.gone)):
            directly = np.cumsum(ahead[:, :, column], axis=1)
            chance = np.zeros((len(stages), len(days)))
            for number, day in enumerate(np.minimum(days, longest)):
                if day <= 0:
                    continue
                # Leaves on one of these days, then has the rest of them from the next stage on.
                later = ended[:, day - 1 :: -1][:, :day]
                through = np.tensordot(ahead[:, :day, :count], later.T, axes=([1, 2], [0, 1]))
                chance[:, number] = directly[:, day - 1] + through
            ends.append(
                np.minimum(
                    np.divide(
                        chance, unmoved[:, None], out=np.zeros_like(chance),
                        where=unmoved[:, None] >= 1e-12,
                    ),
                    1.0,
                )
            )  # fmt: skip
        return ends[0], ends[1]

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
    """
    stages = tuple(sorted(set(stays["stage"])))
    size = len(stages)
    numbers = {stage: index for index, stage in enumerate(stages)}
    # What ends a stay without a further path has gone.
    targets = numbers | {"(won)": size, "(open)": size + 2}
    return measured_paths(
        stages,
        np.array([numbers[stage] for stage in stays["stage"]], dtype=np.int64),
        np.array([targets.get(state, size + 1) for state in stays["next_state"]], dtype=np.int64),
        stays["days"].to_numpy(dtype=np.int64),
        stays["deals"].to_numpy(dtype=np.float64),
    )


def measured_paths(
    names: tuple[str, ...],
    stages: Ints,
    targets: Ints,
    lasted: Ints,
    deals: Floats,
    fewest: float = FEWEST_AT_RISK,
    leaning: float = 0.0,
    unseen: Ints | None = None,
) -> StagePaths:
    """Measure paths on coded stays: ``targets`` are stages, then won, gone, and still open.

    Days on which fewer than ``fewest`` deals were still in a stage say nothing. With a ``leaning``
    a stay's end is ill by that much more (log odds) than was counted, at whatever day it ends. The
    first ``unseen`` days of a stay were not watched.

    Cause-specific hazards by day are those of Aalen and Johansen (Scand. J. Statist. 5, 1978);
    the chance to be won is their convolution along the stages (Pyke, "Markov Renewal Processes",
    Ann. Math. Statist. 32, 1961).
    """
    size, days = len(names), LONGEST_PATH
    until = np.minimum(lasted, days + 1)
    place: Ints = (stages * (size + 3) + targets) * (days + 2) + until
    counted = np.bincount(place, weights=deals, minlength=size * (size + 3) * (days + 2))
    counted = counted.reshape(size, size + 3, days + 2)
    at_risk = counted.sum(axis=1)[:, ::-1].cumsum(axis=1)[:, ::-1]
    if unseen is not None and unseen.any():
        place = stages * (days + 2) + np.minimum(unseen, until)
        late = np.bincount(place, weights=deals * (unseen > 0), minlength=size * (days + 2))
        late = late.reshape(size, days + 2)
        at_risk = at_risk - late[:, ::-1].cumsum(axis=1)[:, ::-1]
    left = counted[:, : size + 2, :]
    seen = at_risk >= fewest
    hazard = np.divide(left, at_risk[:, None, :], out=np.zeros_like(left), where=seen[:, None, :])[
        :, :, : days + 1
    ]
    if leaning:
        hazard = _leant(hazard, leaning)
    staying = np.cumprod(1.0 - hazard.sum(axis=1), axis=1)
    before = np.concatenate((np.ones((size, 1)), staying[:, :-1]), axis=1)
    leaving = hazard * before[:, None, :]
    directly = leaving[:, size:, :].cumsum(axis=2).transpose(1, 0, 2)
    ended = np.zeros((2, size, days + 1))
    moves = np.ascontiguousarray(leaving[:, :size, :].transpose(0, 2, 1))  # from, day, to
    turned = np.zeros((days + 1, size, 2))  # the last day first
    for day in range(1, days + 1):
        later = turned[days - day + 1 :]
        through = moves[:, 1 : day + 1].reshape(size, -1) @ later.reshape(-1, 2)
        ended[:, :, day] = directly[:, :, day] + through.T
        turned[days - day] = ended[:, :, day].T
    return StagePaths(names, leaving, staying, ended[0], ended[1], at_risk)


def _leant(hazard: Floats, by: float) -> Floats:
    """Move the log odds of ending otherwise among all ends, on each day, (from, to, day)."""
    leaving = hazard.sum(axis=1)
    share = np.divide(hazard[:, -1], leaving, out=np.zeros_like(leaving), where=leaving > 0)
    odds = share * np.exp(by)
    moved = odds / (1 - share + odds)
    rest = np.divide(1 - moved, 1 - share, out=np.ones_like(share), where=share < 1)
    other: Floats = hazard * rest[:, None, :]
    other[:, -1] = moved * leaving
    return other
