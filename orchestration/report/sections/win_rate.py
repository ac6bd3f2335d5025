"""The win rate of the running fiscal quarter, from the months of ``mart_period_win_rate``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from orchestration.marts.conversion import wilson_interval
from orchestration.report.marts import Marts


@dataclass(frozen=True)
class WinRate:
    """Deals won and lost since ``first``, and won ÷ (won + lost) with its 95 % interval."""

    first: date
    won: int
    lost: int
    won_amount: Decimal
    rate: float
    low: float
    high: float


def read_win_rate(marts: Marts, as_of: date) -> WinRate | None:
    """Return the quarter's win rate; null where nothing closed in it."""
    if not (marts.has("mart_period_win_rate") and marts.has("dim_date")):
        return None
    row = marts.row(
        """
        with quarter as (
            select fiscal_quarter_start as first from marts.dim_date where date_day = ?
        )
        select
            any_value(first) as first, sum(won)::bigint as won, sum(lost)::bigint as lost,
            sum(won_amount_reporting) as won_amount
        from marts.mart_period_win_rate, quarter
        where dimension = 'all' and month_start between first and ?
        """,
        as_of,
        as_of,
    )
    if row is None or not (row["won"] or row["lost"]):
        return None
    closed = row["won"] + row["lost"]
    low, high = wilson_interval(pd.Series([row["won"]]), pd.Series([closed]))
    return WinRate(
        row["first"],
        row["won"],
        row["lost"],
        row["won_amount"] or Decimal(0),
        row["won"] / closed,
        float(low[0]),
        float(high[0]),
    )
