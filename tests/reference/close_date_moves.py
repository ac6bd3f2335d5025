"""What became of the deals that were due in a period, and which came to be due in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tests.reference.lives import Life, Standing
from tests.reference.periods import Period, periods_between

COUNTS = (
    *("due", "lost", "won", "removed", "pushed_out", "pulled_in", "still_due", "entered_due"),
    "overdue_at_start",
)
Key = tuple[str, date, str, str]


def close_date_moves_of(lives: Sequence[Life], as_of: date) -> dict[Key, dict[str, int]]:
    """Return the counts by period, its start, dimension and value, where there are any."""
    rows: dict[Key, dict[str, int]] = {}

    def add(period: Period, standing: Standing, *names: str) -> None:
        for dimension, value in standing.place.items():
            key = (period.kind, period.start, dimension, value)
            row = rows.setdefault(key, dict.fromkeys(COUNTS, 0))
            for name in names:
                row[name] += 1

    for life in lives:
        for period in periods_between(life.created_on, as_of):
            at_start = life.at_end_of(period.start - timedelta(days=1))
            if at_start.is_open and _is_dated(at_start, period):
                at_end = life.at_end_of(min(period.end, as_of))
                add(period, at_start, "due", _outcome(at_end, period))
                continue
            if at_start.is_open and _is_earlier(at_start, period):
                add(period, at_start, "overdue_at_start")
            first, last = life.clock.start_of(period.start), life.clock.end_of(period.end)
            for at in life.instants(first, last):
                standing = life.at(at)
                if standing.is_open and _is_dated(standing, period):
                    add(period, standing, "entered_due")
                    break
    return rows


def _is_dated(standing: Standing, period: Period) -> bool:
    expected = standing.expected
    return isinstance(expected, date) and period.start <= expected <= period.end


def _is_earlier(standing: Standing, period: Period) -> bool:
    return isinstance(standing.expected, date) and standing.expected < period.start


def _outcome(standing: Standing, period: Period) -> str:
    if not standing.is_open:
        return str(standing.status)
    if _is_dated(standing, period):
        return "still_due"
    return "pulled_in" if _is_earlier(standing, period) else "pushed_out"
