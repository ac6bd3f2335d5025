"""Amounts of deals in cents: how large, how round, how they change.

Which currency a deal is in follows from its region (``roster``).
"""

from __future__ import annotations

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample.history import NONE, Flags, Floats, Ints

# The smallest change of mind still leaves a figure above zero.
LEAST = {True: 1_000, False: 1}


def first_amounts(
    rng: np.random.Generator, pipeline: Ints, currency: Ints
) -> tuple[Ints, Flags, Floats]:
    """Draw the amount (cents; 0 or NONE for some), whether it is round, and its z score."""
    size = len(pipeline)
    z = rng.standard_normal(size)
    euros = c.AMOUNT_MEDIANS_EUR[pipeline] * np.exp(c.AMOUNT_SIGMA * z)
    is_round = rng.random(size) < c.ROUND_AMOUNT_SHARE
    amount = _rounded(100 * euros / c.EUR_PER_UNIT[currency], is_round)
    chance = rng.random(size)
    amount[chance < c.NO_AMOUNT_SHARE] = NONE
    zero = (chance >= c.NO_AMOUNT_SHARE) & (chance < c.NO_AMOUNT_SHARE + c.ZERO_AMOUNT_SHARE)
    amount[zero] = 0
    return amount, is_round, z


def scaled(amount: Ints, factor: Floats, is_round: Flags) -> Ints:
    """Return amounts times ``factor``; zero and unknown amounts stay as they are."""
    return np.where(amount > 0, _rounded(amount * factor, is_round), amount)


def _rounded(cents: Floats, is_round: Flags) -> Ints:
    tens = np.rint(cents / 1_000) * 1_000
    least = np.where(is_round, LEAST[True], LEAST[False])
    return np.maximum(np.where(is_round, tens, np.rint(cents)), least).astype(np.int64)
