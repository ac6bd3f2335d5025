"""Chance and time of winning, measured on resolved and open deals.

Aalen-Johansen estimates on whole days from grouped counts; nothing here reads the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

# Beyond the last day with this many deals at risk, the estimate is held flat: fewer say nothing.
FEWEST_AT_RISK = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Resolution:
    """Cumulative chances by days since entry: ``won[t]`` and ``lost[t]`` within ``t`` days."""

    won: Floats
    lost: Floats

    def won_between(self, age: Floats, after: float, until: float) -> Floats:
        """Return the chance to be won more than ``after`` and at most ``until`` days from now.

        ``age`` is how many days ago each deal entered, shape (n,); the chance is conditional on
        being unresolved at that age. ``until`` may be infinite.
        """
        last = len(self.won) - 1
        now = np.minimum(np.asarray(age, dtype=float), last).astype(int)
        unresolved = 1.0 - self.won[now] - self.lost[now]

        def by(days: float) -> Floats:
            end = np.minimum(now + days, last)
            return self.won[end.astype(int)]

        gained = by(until) - by(after)
        return np.divide(
            gained, unresolved, out=np.zeros_like(gained), where=unresolved > 1e-9
        ).clip(0.0, 1.0)


def aalen_johansen(counts: pd.DataFrame) -> Resolution:
    """Estimate cumulative incidence of winning with losing as competing risk.

    ``counts`` has the columns ``days`` (whole days, 0 or more), ``outcome`` (won, lost, open) and
    ``deals`` (how many). Open deals are censored after the events of their day. An event on day 0
    counts within 0 days. Source: O. O. Aalen and S. Johansen, "An Empirical Transition Matrix for
    Non-Homogeneous Markov Chains Based on Censored Observations", Scand. J. Statist. 5 (1978).
    """
    if counts.empty:
        zero = np.zeros(1)
        return Resolution(zero, zero)
    longest = int(counts["days"].max())
    table = (
        counts.pivot_table(index="days", columns="outcome", values="deals", aggfunc="sum")
        .reindex(index=range(longest + 1), columns=["won", "lost", "open"])
        .fillna(0.0)
    )
    won, lost, open_ = (table[name].to_numpy(dtype=float) for name in ("won", "lost", "open"))
    leaving = won + lost + open_
    at_risk = leaving.sum() - np.concatenate(([0.0], np.cumsum(leaving)[:-1]))
    resolved = won + lost
    survival = np.cumprod(
        1.0 - np.divide(resolved, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
    )
    before = np.concatenate(([1.0], survival[:-1]))
    hazard_won = np.divide(won, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
    hazard_lost = np.divide(lost, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
    enough = np.flatnonzero(at_risk >= FEWEST_AT_RISK)
    last = int(enough[-1]) if len(enough) and open_.sum() > 0 else longest
    return Resolution(
        np.cumsum(before * hazard_won)[: last + 1], np.cumsum(before * hazard_lost)[: last + 1]
    )
