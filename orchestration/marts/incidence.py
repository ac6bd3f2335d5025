"""The chance that something comes about within a time, where other things may come before it.

Aalen and Johansen's estimate over whole days, from counts and for many groups at once. Nothing here
reads the warehouse, or knows what the groups are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# The 97.5 % quantile of the standard normal distribution, for two-sided 95 % intervals.
Z_95 = 1.959963984540054
# A day on which fewer are still at risk is beyond the follow-up.
FEWEST_AT_RISK = 10
# Products and sums of floats: what is closer to a round number than this is that number.
ROUNDING = 1e-13

Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DailyOutcomes:
    """How many of each group came to which end on which day, each of shape (groups, days).

    Day 0 is the beginning; the last column holds everything later than the horizon, which is
    ``days - 2``. ``ended`` counts the competing ends, ``censored`` those last seen still waiting.
    """

    reached: Counts
    ended: Counts
    censored: Counts

    @property
    def horizon(self) -> int:
        """The longest time asked about, in days."""
        return int(self.reached.shape[1]) - 2


@dataclass(frozen=True)
class Incidence:
    """Estimates of each group, of shape (groups,).

    ``rate`` is the chance to reach within ``horizon_days``, ``low`` and ``high`` its 95 % interval
    (NaN where the estimate is 0 or 1, or of one alone: it has none there). ``median_days`` is the
    first day by which half have reached (NaN: never within the horizon).
    """

    rate: Floats
    low: Floats
    high: Floats
    horizon_days: Counts
    median_days: Floats


def daily_outcomes(by_day: pa.ListArray, horizon: int) -> DailyOutcomes:
    """Lay out lists of (days, reached, ended, still_open), one list a group, day by day.

    A day may come several times in a list, in any order; days beyond ``horizon`` count as one.
    """
    rows = by_day.flatten()
    lengths = by_day.value_lengths().to_numpy(zero_copy_only=False)
    groups, columns = len(by_day), horizon + 2
    day = np.minimum(rows.field("days").to_numpy(), horizon + 1)
    cell = np.repeat(np.arange(groups), lengths) * columns + day

    def laid_out(name: str) -> Counts:
        # Sums of floats, which are exact for counts.
        summed = np.bincount(cell, rows.field(name).to_numpy(), minlength=groups * columns)
        return summed.astype(np.int64).reshape(groups, columns)

    return DailyOutcomes(laid_out("reached"), laid_out("ended"), laid_out("still_open"))


def cumulative_incidence(outcomes: DailyOutcomes) -> Incidence:
    """Estimate the chance to reach, within the horizon or as long as there was follow-up.

    Source of the estimate: O. Aalen and S. Johansen, "An Empirical Transition Matrix for
    Non-Homogeneous Markov Chains Based on Censored Observations", Scand. J. Statist. 5 (1978). Of
    its variance: O. Aalen, "Nonparametric Estimation of Partial Transition Probabilities in
    Multiple Decrement Models", Ann. Statist. 6 (1978), as written in M. Pintilie, "Competing
    Risks" (2006), equation 4.5. The interval is symmetric in log(-log(rate)).
    """
    reached = outcomes.reached.astype(np.float64)
    leaving = reached + outcomes.ended
    at_risk = np.cumsum((leaving + outcomes.censored)[:, ::-1], axis=1)[:, ::-1]
    staying = np.cumprod(1.0 - _over(leaving, at_risk), axis=1)
    before = np.concatenate((np.ones((len(staying), 1)), staying[:, :-1]), axis=1)
    incidence = np.cumsum(before * _over(reached, at_risk), axis=1)

    horizon_days = _horizon_days(outcomes, at_risk)
    rate = np.take_along_axis(incidence, horizon_days[:, None], axis=1)[:, 0]
    # Nothing censored: the share itself, without the rounding of the product.
    within = reached[:, : outcomes.horizon + 1].sum(axis=1)
    everyone = at_risk[:, 0]
    is_complete = ~outcomes.censored.any(axis=1)
    rate = np.where(is_complete, _over(within, everyone), rate)

    followed = np.arange(incidence.shape[1]) <= horizon_days[:, None]
    variance = _variance(
        reached, leaving, at_risk, before, np.where(followed, rate[:, None] - incidence, 0.0),
        followed,
    )  # fmt: skip
    low, high = _log_log_interval(rate, variance, everyone > 1)

    is_half = (incidence >= 0.5 - ROUNDING) & followed
    median = np.where(is_half.any(axis=1), is_half.argmax(axis=1), np.nan)
    return Incidence(rate, low, high, horizon_days, median)


def _over(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _horizon_days(outcomes: DailyOutcomes, at_risk: Floats) -> Counts:
    """Return the last day within the horizon that is followed up, shape (groups,).

    A day is, if enough are still at risk on it, or if nobody was censored before it: then what
    became of everyone by that day is known, however few they are.
    """
    last = outcomes.horizon
    is_enough = at_risk[:, : last + 1] >= FEWEST_AT_RISK
    censored_before = np.cumsum(outcomes.censored, axis=1) - outcomes.censored
    is_known = censored_before[:, : last + 1] == 0
    # Both hold up to some day and not after it, so the count tells the day.
    days: Counts = np.maximum(is_enough.sum(axis=1), is_known.sum(axis=1)) - 1
    return days


def _variance(
    reached: Floats,
    leaving: Floats,
    at_risk: Floats,
    before: Floats,
    still_to_come: Floats,
    followed: npt.NDArray[np.bool_],
) -> Floats:
    """Return Aalen's variance of the incidence at the end of the follow-up, shape (groups,).

    ``still_to_come`` is the incidence at the end less that of each day.
    """
    others = at_risk - 1.0
    left = at_risk - leaving
    of_staying = still_to_come**2 * _over(leaving, others * left)
    of_reaching = before**2 * _over((at_risk - reached) * reached, others * at_risk**2)
    of_both = still_to_come * before * _over(reached * (at_risk - reached), at_risk * left * others)
    terms = np.where(followed, of_staying + of_reaching - 2.0 * of_both, 0.0)
    variance: Floats = terms.sum(axis=1)
    return variance


def _log_log_interval(
    rate: Floats, variance: Floats, has_several: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the 95 % interval of rates strictly between 0 and 1; NaN for others."""
    is_between = (rate > ROUNDING) & (rate < 1.0 - ROUNDING) & has_several
    log_rate = np.log(np.where(is_between, rate, 0.5))
    width = Z_95 * np.sqrt(np.maximum(variance, 0.0)) / np.where(is_between, rate, 1.0) / log_rate
    low = np.exp(np.exp(-width) * log_rate)
    high = np.exp(np.exp(width) * log_rate)
    return np.where(is_between, low, np.nan), np.where(is_between, high, np.nan)
