"""The forecast's record: what was forecast when, what came, and how the methods compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.report.marts import Marts, Row

# The best one first.
METHODS = ("model", "historical", "naive", "configured")
MONTHS = 12
# The windows that the table compares, in days.
WINDOWS = (30, 60, 90)


@dataclass(frozen=True)
class Record:
    """``months``: period_start, p10 to p90 and forecast of its eve, actual (null: not over yet).

    ``origins``: method, as_of, forecast and actual of the 30 days that followed. ``scores``: a
    method's name, its error by window (``wape``), bias and share within the range. ``short``:
    source_name and first_on, of the sources that have not been deciding deals for a whole year.
    """

    months: Sequence[Row]
    origins: Sequence[Row]
    scores: Sequence[Row]
    short: Sequence[Row]

    @property
    def days(self) -> Sequence[date]:
        """The days on which the forecast was tried out."""
        return sorted({row["as_of"] for row in self.origins})

    @property
    def best(self) -> Row | None:
        """The method with the smallest error over 90 days."""
        told = [row for row in self.scores if row["wape"].get(WINDOWS[-1]) is not None]
        return min(told, key=lambda row: row["wape"][WINDOWS[-1]], default=None)


def read_record(marts: Marts, as_of: date) -> Record | None:
    """Return the record of the whole company; null where no forecast has been judged yet."""
    if not marts.has("mart_forecast_accuracy") or not marts.has("mart_forecast_scorecard"):
        return None
    origins = marts.rows(
        """
        select method, as_of, forecast, actual
        from marts.mart_forecast_accuracy
        where period = '30d' and dimension = 'all' and not is_as_published
        order by method, as_of
        """
    )
    scores = _scores(marts)
    if not origins or not scores:
        return None
    return Record(_months(marts, as_of), origins, scores, _short(marts, as_of))


def _months(marts: Marts, as_of: date) -> list[Row]:
    """Return the last months as the model forecast them on their eve, and those to come."""
    coming = marts.has("mart_forecast", "p10", "p25", "p50", "p75", "p90")
    rows = marts.rows(
        """
        select period_start, p10, p25, p50, p75, p90, forecast, actual
        from marts.mart_forecast_accuracy
        where method = 'model' and period = 'month' and as_of = period_start - 1
            and dimension = 'all' and not is_as_published
        order by period_start desc limit ?
        """,
        MONTHS,
    )[::-1]
    if not rows or not coming:
        return rows
    return rows + marts.rows(
        """
        select period_start, p10, p25, p50, p75, p90, expected as forecast, null as actual
        from marts.mart_forecast
        where method = 'model' and period = 'month' and as_of = $1 and dimension = 'all'
            and period_end > $1
        order by period_start
        """,
        as_of,
    )


def _scores(marts: Marts) -> list[Row]:
    rows = marts.rows(
        """
        select
            method,
            map_from_entries(list(row(horizon_days, wape))) as wape,
            sum(bias * periods) / sum(periods) as bias,
            sum(coverage_80 * periods) / sum(periods) as coverage_80,
            max(brier_score) filter (where horizon_days = 90) as brier_score
        from marts.mart_forecast_scorecard
        where period in ('30d', '60d', '90d')
        group by method
        """
    )
    known = [row for row in rows if row["method"] in METHODS]
    return sorted(known, key=lambda row: METHODS.index(row["method"]))


def _short(marts: Marts, as_of: date) -> list[Row]:
    if not marts.has("fct_deals", "source_name", "is_won", "is_lost", "closed_on"):
        return []
    return marts.rows(
        """
        select source_name, min(closed_on) as first_on
        from marts.fct_deals
        where (is_won or is_lost) and closed_on is not null
        group by source_name
        having first_on > $1 - 365
        order by source_name
        """,
        as_of,
    )
