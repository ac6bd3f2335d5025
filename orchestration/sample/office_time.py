"""Local time of the company: office hours, weekends, quarter ends, the clock's change in spring.

Times are local seconds since 1970-01-01 00:00 on the company's own clock, days are days since
1970-01-01, both ``int64``. What happens at a moment is no subject of this module.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from orchestration.sample import calibration as c
from orchestration.sample.history import Floats, Ints

TIMEZONE = ZoneInfo("Europe/Amsterdam")
DAY = 86_400
HOUR = 3_600
OFFICE_OPENS, LAST_ORDERS, OFFICE_CLOSES = 8 * HOUR, 18 * HOUR, 20 * HOUR


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to ``day``."""
    return (day - date(1970, 1, 1)).days


def weekdays(days: Ints) -> Ints:
    """Return 0 (Monday) to 6 (Sunday); 1970-01-01 was a Thursday."""
    return (days + 3) % 7


def month_starts(days: Ints, months_later: int = 0) -> Ints:
    """Return the first day of each day's month, or of a month before or after it."""
    months = days.astype("datetime64[D]").astype("datetime64[M]") + months_later
    return months.astype("datetime64[D]").astype(np.int64)


def quarter_starts(days: Ints, quarters_later: int = 0) -> Ints:
    """Return the first day of each day's calendar quarter, or of one before or after it."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months = months - months % 3 + 3 * quarters_later
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def draw_codes(rng: np.random.Generator, shares: Floats, size: int) -> Ints:
    """Draw ``size`` codes 0..len(shares)-1 with the given relative shares."""
    edges = np.cumsum(shares) / np.sum(shares)
    # The last edge may round to just below 1.
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(shares) - 1)


def office_seconds(rng: np.random.Generator, size: int) -> Ints:
    """Draw seconds since midnight within office hours."""
    hours = draw_codes(rng, c.OFFICE_HOURS, size)
    return OFFICE_OPENS + hours * HOUR + rng.integers(0, HOUR, size)


def arrivals(
    rng: np.random.Generator,
    size: int,
    first_day: int,
    last_day: int,
    *,
    by_weekday: Floats,
    any_hour_share: float,
) -> Ints:
    """Draw moments between two days: growth over the years, season, days of the week, hours."""
    days = np.arange(first_day, last_day + 1)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    weights = (
        (1 + c.ARRIVAL_GROWTH_PER_YEAR) ** ((days - first_day) / 365.25)
        * c.ARRIVAL_SEASON[month]
        * by_weekday[weekdays(days)]
    )
    day = days[draw_codes(rng, weights, size)]
    seconds = office_seconds(rng, size)
    any_hour = rng.random(size) < any_hour_share
    seconds[any_hour] = rng.integers(0, DAY, int(any_hour.sum()))
    return existing(day * DAY + seconds)


def existing(moments: Ints) -> Ints:
    """Move moments of the hour that the clock skips in spring to the hour's end."""
    # Only the small hours of a Sunday can be concerned.
    doubtful = (weekdays(moments // DAY) == 6) & (moments % DAY // HOUR == 2)
    if not doubtful.any():
        return moments
    local = pd.DatetimeIndex(moments[doubtful].astype("datetime64[s]"))
    # The doubled hour in autumn exists: which of the two is meant plays no part here.
    real = local.tz_localize(
        TIMEZONE, nonexistent="shift_forward", ambiguous=np.ones(len(local), dtype=bool)
    )
    moved = moments.copy()
    moved[doubtful] = real.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    return moved


def moments_after(rng: np.random.Generator, start: Ints, days: Floats) -> Ints:
    """Return a moment of office time about ``days`` after each ``start``, always later than it."""
    start_day, start_second = start // DAY, start % DAY
    day = start_day + ((start_second + days * DAY) // DAY).astype(np.int64)
    day = np.maximum(day, start_day + (start_second >= LAST_ORDERS))
    day = _off_weekends(rng, day)
    second = office_seconds(rng, len(start))
    part = rng.random(len(start))
    clash = (day == start_day) & (second <= start_second)
    later = start_second + 1 + (part * (OFFICE_CLOSES - 1 - start_second)).astype(np.int64)
    return day * DAY + np.where(clash, later, second)


def expiries_after(rng: np.random.Generator, start: Ints, days: int) -> Ints:
    """Return the same time of day ``days`` later, or in the next week's first office hours."""
    due = start + days * DAY
    day = _off_weekends(rng, due // DAY)
    return day * DAY + np.where(day == due // DAY, due % DAY, office_seconds(rng, len(start)))


def drawn_to_quarter_end(
    rng: np.random.Generator, moments: Ints, earliest: Ints, wait: Floats, pull: Floats
) -> Ints:
    """Move a share of closings into the last two weeks of a quarter, keeping the time of day.

    ``wait`` and ``pull`` are the chances (0-1) to move later and earlier; a moment never moves
    to the day of ``earliest`` or before it.
    """
    day = moments // DAY
    this_quarter, next_quarter = quarter_starts(day), quarter_starts(day, 1)
    chance = rng.random(len(day))
    left = next_quarter - day
    waits = (left > c.QUARTER_END_DAYS) & (left <= c.QUARTER_WAIT_DAYS) & (chance < wait)
    pulled = (day - this_quarter < c.QUARTER_PULL_DAYS) & (chance < pull)
    end = np.where(waits, next_quarter, this_quarter)
    target = end - rng.integers(1, c.QUARTER_END_DAYS + 1, len(day))
    target -= np.maximum(weekdays(target) - 4, 0)  # Friday instead of a weekend
    moved = (waits | pulled) & (target > earliest // DAY)
    return np.where(moved, target * DAY + moments % DAY, moments)


def _off_weekends(rng: np.random.Generator, days: Ints) -> Ints:
    over = weekdays(days) - 4
    kept = rng.random(len(days)) < c.WEEKEND_KEPT_SHARE
    return np.where((over > 0) & ~kept, days + 3 - over, days)
