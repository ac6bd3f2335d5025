"""Weeks from Monday on, months, and quarters of a fiscal year that begins in January."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

KINDS = ("week", "month", "quarter")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A period; ``end`` is its last day."""

    kind: str
    start: date
    end: date


def period_of(kind: str, day: date) -> Period:
    """Return the period of a kind in which a day lies."""
    if kind == "week":
        start = day - day.weekday() * _DAY
        return Period(kind, start, start + 6 * _DAY)
    months = 1 if kind == "month" else 3
    first = (day.month - 1) // months * months + 1
    start = day.replace(month=first, day=1)
    following = date(start.year + (first + months > 12), (first + months - 1) % 12 + 1, 1)
    return Period(kind, start, following - _DAY)


def periods_between(first: date, last: date) -> list[Period]:
    """Return the periods of every kind that touch a span of days."""
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    return list(dict.fromkeys(period_of(kind, day) for kind in KINDS for day in days))
