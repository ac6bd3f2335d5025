"""Texts as instants, and instants as business days.

Every instant is aware and in UTC. What a date alone means depends on what is dated: the caller
says whether it is the start of the day or its last microsecond.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_ONLY_A_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Clock:
    """The business time zone, and that of a source's local times."""

    business: ZoneInfo
    source: ZoneInfo

    def day_of(self, at: datetime) -> date:
        """Return the business day of an instant."""
        return at.astimezone(self.business).date()

    def start_of(self, day: date) -> datetime:
        """Return the first instant of a business day."""
        return datetime.combine(day, time(), self.business).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """Return the last microsecond of a business day."""
        return self.start_of(day + timedelta(days=1)) - _MICROSECOND

    def read(self, text: str | None, *, ends_day: bool) -> datetime | None:
        """Return the instant of a date, a local time or a time with an offset.

        A local time that the clocks skip moves forward, one that they repeat is the second.
        """
        if text is None:
            return None
        if _ONLY_A_DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return self.end_of(day) if ends_day else self.start_of(day)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            readings = [at.replace(tzinfo=self.source, fold=fold) for fold in (0, 1)]
            return max(reading.astimezone(UTC) for reading in readings)
        return at.astimezone(UTC)
