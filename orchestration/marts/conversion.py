"""Conversion rates of the funnel, from its counts.

Pure functions on small frames; the counting is done in the engine (``int_funnel_counts``), the
estimate over time in ``incidence``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.marts.incidence import Z_95, cumulative_incidence, daily_outcomes

# Groups whose days are laid out at once: few enough to stay near the processor.
GROUPS_AT_ONCE = 512


def significant(values: pd.Series, digits: int = 12) -> pd.Series:
    """Round floats to significant digits, so that two builds agree to the last bit."""
    # The text of a missing value is `nan`, which reads as one.
    rounded = [float(f"{value:.{digits}g}") for value in values.astype("float64")]
    return pd.Series(rounded, index=values.index, dtype="float64")


def wilson_interval(successes: pd.Series, trials: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the 95 % interval of a proportion, low and high, as fractions from 0 to 1.

    ``successes`` and ``trials`` are counts of one length; without trials both ends are NaN.
    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    JASA 22 (1927).
    """
    n = trials.astype("float64").where(trials > 0)
    p = successes / n
    centre = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * np.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n**2))
    # At the ends the formula is exact but its floats are not.
    low = (centre - half).clip(lower=0.0).mask(successes == 0, 0.0)
    high = (centre + half).clip(upper=1.0).mask(successes == trials, 1.0)
    return low.where(n.notna()), high.where(n.notna())


def conversion_rates(counts: pa.Table, horizon: int) -> pd.DataFrame:
    """Add the rates to the funnel's counts, one row in, one row out.

    Needs the columns ``entered``, ``reached``, ``lost`` and ``by_day`` (lists of ``days``,
    ``reached``, ``ended``, ``still_open``), which it leaves out; ``horizon`` is in days.
    """
    frame: pd.DataFrame = counts.drop_columns(["by_day"]).to_pandas(date_as_object=True)
    return pd.concat(
        (frame, observed_rates(frame), eventual_rates(frame, counts["by_day"], horizon)), axis=1
    )


def observed_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Return what was seen by ``as_of``.

    ``observed_rate`` with its 95 % interval ``observed_low`` and ``observed_high``, and
    ``resolved_rate`` (null where nothing is resolved).
    """
    low, high = wilson_interval(counts["reached"], counts["entered"])
    resolved = (counts["reached"] + counts["lost"]).astype("float64")
    return pd.DataFrame(
        {
            "observed_rate": significant(counts["reached"] / counts["entered"]),
            "observed_low": significant(low),
            "observed_high": significant(high),
            "resolved_rate": significant(counts["reached"] / resolved.where(resolved > 0)),
        }
    )


def eventual_rates(counts: pd.DataFrame, by_day: pa.ChunkedArray, horizon: int) -> pd.DataFrame:
    """Return what is to be expected once the open ones are decided too.

    ``eventual_rate`` is the chance to reach within ``horizon_days`` days (``horizon`` or less),
    ``eventual_low`` and ``eventual_high`` its 95 % interval, ``median_days`` the day by which half
    have reached (null: fewer than half do). Where the estimate has no interval of its own (nobody
    reached, everybody did, or it rests on one alone), the interval is that of the proportion.
    """
    lists = by_day.combine_chunks()
    parts = [
        cumulative_incidence(daily_outcomes(lists.slice(start, GROUPS_AT_ONCE), horizon))
        for start in range(0, len(lists), GROUPS_AT_ONCE)
    ]

    def whole(name: str) -> pd.Series:
        arrays = [getattr(part, name) for part in parts]
        return pd.Series(np.concatenate(arrays) if arrays else np.zeros(0), index=counts.index)

    rate = whole("rate")
    low, high = wilson_interval((rate * counts["entered"]).round(), counts["entered"])
    return pd.DataFrame(
        {
            "eventual_rate": significant(rate),
            "eventual_low": significant(whole("low").fillna(low)),
            "eventual_high": significant(whole("high").fillna(high)),
            "horizon_days": whole("horizon_days").astype("int64"),
            "median_days": whole("median_days").astype("Int64"),
        }
    )
