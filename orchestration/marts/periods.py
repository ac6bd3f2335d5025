"""Months and fiscal quarters: the periods that forecasts and targets speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """A calendar month or fiscal quarter; ``end`` is its last day."""

    kind: str
    start: date
    end: date

    def contains(self, day: date) -> bool:
        """Whether a day falls into the period."""
        return self.start <= day <= self.end


def add_months(day: date, months: int) -> date:
    """Return the first day of the month that lies ``months`` after the month of ``day``."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_of(day: date) -> Period:
    """Return the calendar month of a day."""
    start = day.replace(day=1)
    return Period("month", start, add_months(start, 1) - timedelta(days=1))


def quarter_of(day: date, fiscal_year_start_month: int) -> Period:
    """Return the fiscal quarter of a day."""
    start = add_months(day, -((day.month - fiscal_year_start_month) % 3))
    return Period("quarter", start, add_months(start, 3) - timedelta(days=1))


def forecast_periods(as_of: date, fiscal_year_start_month: int) -> list[Period]:
    """Return the month and the fiscal quarter of ``as_of``, each with the one after it."""
    month = month_of(as_of)
    quarter = quarter_of(as_of, fiscal_year_start_month)
    return [
        month,
        month_of(month.end + timedelta(days=1)),
        quarter,
        quarter_of(quarter.end + timedelta(days=1), fiscal_year_start_month),
    ]
