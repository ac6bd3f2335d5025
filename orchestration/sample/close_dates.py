"""Expected close dates: the first guess of a rep, and how it slips.

When a date is looked at is decided in ``deal_journeys``.
"""

from __future__ import annotations

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample import office_time as t
from orchestration.sample.history import NONE, Ints


def first_guess(rng: np.random.Generator, created: Ints, pipeline: Ints) -> Ints:
    """Draw the day (or NONE) on which a new deal is expected to close."""
    size = len(created)
    days = rng.lognormal(np.log(c.CLOSE_GUESS_DAYS[pipeline]), c.CLOSE_GUESS_SIGMA)
    guess = _some_month_ends(rng, created // t.DAY + np.maximum(days.astype(np.int64), 1))
    guess[rng.random(size) < c.NO_CLOSE_DATE_SHARE] = NONE
    return guess


def push_moments(rng: np.random.Generator, expected: Ints, last: Ints) -> Ints:
    """Draw when the rep notices that a date has passed, always after the ``last`` row."""
    evening = expected * t.DAY + t.OFFICE_CLOSES
    delay = rng.lognormal(np.log(c.PUSH_DELAY_DAYS), c.PUSH_DELAY_SIGMA, len(last))
    return t.moments_after(rng, np.maximum(evening, last), delay)


def pushed(rng: np.random.Generator, at: Ints) -> Ints:
    """Draw the new date, later than the day of the push."""
    step = c.PUSH_STEPS_DAYS[t.draw_codes(rng, c.PUSH_STEP_SHARES, len(at))]
    return _some_month_ends(rng, at // t.DAY + step)


def redated(rng: np.random.Generator, expected: Ints, at: Ints) -> Ints:
    """Draw a date sooner or later than the old one, after the day of the change."""
    left = np.maximum(expected - at // t.DAY, 7)
    days = np.maximum((left * rng.lognormal(0, 0.5, len(at))).astype(np.int64), 2)
    return _some_month_ends(rng, at // t.DAY + days)


def _some_month_ends(rng: np.random.Generator, days: Ints) -> Ints:
    """Move a share of dates to the end of their month, never to an earlier day."""
    month_end = t.month_starts(days, 1) - 1
    return np.where(rng.random(len(days)) < c.MONTH_END_SHARE, month_end, days)
