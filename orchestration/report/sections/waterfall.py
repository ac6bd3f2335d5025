"""What changed: the waterfalls of the last finished week and month, and moved close dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.report.marts import Marts, Row

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
    rows = marts.rows(
        """
        select * from marts.mart_pipeline_waterfall
        where dimension = 'all' and period_end <= ? and period in ('week', 'month')
        qualify row_number() over (partition by period order by period_start desc) = 1
        """,
        as_of,
    )
    # The same buckets in both, which stand side by side.
    buckets = [
        bucket
        for bucket in MOVEMENTS
        if bucket in ALWAYS or any(row[bucket] or row[f"{bucket}_count"] for row in rows)
    ]
    rows.sort(key=lambda row: row["period"] != "week")
    return [_waterfall(marts, row, buckets) for row in rows]


def _waterfall(marts: Marts, row: Row, buckets: Sequence[str]) -> Waterfall:
    movements = [Movement(bucket, row[bucket], row[f"{bucket}_count"]) for bucket in buckets]
    return Waterfall(
        row["period"],
        row["period_start"],
        row["period_end"],
        row["opening"],
        row["closing"],
        movements,
        _moves(marts, row["period"], row["period_start"]),
    )


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
