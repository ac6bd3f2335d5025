"""What changed: the waterfalls of the last finished week and month, and moved close dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from orchestration.report.marts import Marts, Row

PERIODS = ("week", "month")
# In the order in which they are drawn. Transfers don't exist for the company as a whole.
MOVEMENTS = ("new", "reopened", "increased", "decreased", "fx", "won", "lost", "removed")
# Drawn also when nothing happened, so that two reports can be laid side by side.
ALWAYS = ("new", "increased", "decreased", "won", "lost")


@dataclass(frozen=True)
class Movement:
    """One bucket: its signed amount in the reporting currency, and how many deals."""

    bucket: str
    amount: Decimal
    deals: int


@dataclass(frozen=True)
class Waterfall:
    """One finished period of the whole company. Opening plus movements is closing."""

    period: str
    first: date
    last: date
    opening: Decimal
    closing: Decimal
    movements: Sequence[Movement]
    moves: Row | None

    @property
    def change(self) -> Decimal:
        """Closing less opening."""
        return self.closing - self.opening

    def deals(self, bucket: str) -> int:
        """Return how many deals are in a bucket."""
        return sum(abs(one.deals) for one in self.movements if one.bucket == bucket)


def read_waterfalls(marts: Marts, as_of: date) -> list[Waterfall]:
    """Return the last finished week and month, as far as they are published."""
    if not marts.has("mart_pipeline_waterfall"):
        return []
    return [
        waterfall
        for period in PERIODS
        if (waterfall := _last_finished(marts, period, as_of)) is not None
    ]


def period_end(period: str, first: date) -> date:
    """Return the last day of a week, month or quarter."""
    if period == "week":
        return first + timedelta(days=6)
    months = {"month": 1, "quarter": 3}[period]
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _last_finished(marts: Marts, period: str, as_of: date) -> Waterfall | None:
    rows = marts.rows(
        """
        select * from marts.mart_pipeline_waterfall
        where period = ? and dimension = 'all' and period_start <= ?
        order by period_start desc limit 2
        """,
        period,
        as_of,
    )
    for row in rows:
        first = row["period_start"]
        last = period_end(period, first)
        if last > as_of:
            continue
        movements = [
            Movement(bucket, row[bucket], row[f"{bucket}_deals"])
            for bucket in MOVEMENTS
            if bucket in ALWAYS or row[bucket] or row[f"{bucket}_deals"]
        ]
        moves = _moves(marts, period, first)
        return Waterfall(period, first, last, row["opening"], row["closing"], movements, moves)
    return None


def _moves(marts: Marts, period: str, first: date) -> Row | None:
    """Return what became of the deals that were due in the period; null where not published."""
    if not marts.has("mart_close_date_moves"):
        return None
    return marts.row(
        """
        select * from marts.mart_close_date_moves
        where period = ? and period_start = ? and dimension = 'all' and due > 0
        """,
        period,
        first,
    )
