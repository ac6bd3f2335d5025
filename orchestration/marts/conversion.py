"""Conversion rates of the funnel, from its counts.

Pure functions on small frames; the counting is done in the engine (``int_funnel_counts``).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# The 97.5 % quantile of the standard normal distribution, for two-sided 95 % intervals.
Z_95 = 1.959963984540054


def significant(values: pd.Series, digits: int = 12) -> pd.Series:
    """Round floats to significant digits, so that two builds agree to the last bit."""
    return values.map(lambda value: value if pd.isna(value) else float(f"{value:.{digits}g}"))


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


def conversion_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Add the rates to the funnel's counts, one row in, one row out.

    Needs the columns ``entered``, ``reached`` and ``lost``; adds ``observed_rate`` with
    ``observed_low`` and ``observed_high``, and ``resolved_rate`` (null where nothing is resolved).
    """
    rated = counts.copy()
    rated["observed_rate"] = significant(rated["reached"] / rated["entered"])
    low, high = wilson_interval(rated["reached"], rated["entered"])
    rated["observed_low"] = significant(low)
    rated["observed_high"] = significant(high)
    resolved = (rated["reached"] + rated["lost"]).astype("float64")
    rated["resolved_rate"] = significant(rated["reached"] / resolved.where(resolved > 0))
    return rated
