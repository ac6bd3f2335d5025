"""The rolling-origin backtest: what would have been forecast on past days.

Each origin is refitted on what was known then, and stands alone
(Tashman, Int. J. Forecasting 16, 2000): a new one leaves all others as
they are. What really came is not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.forecast.engine import Engine
from orchestration.forecast.history import DealHistory, dates_of
from orchestration.forecast.past import past_of
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.totals import METHODS, QUANTILES, Totals
from orchestration.forecast.windows import LEADS, lead_windows, windows_of
from orchestration.marts.periods import add_months, month_of, quarter_of

QUANTILE_COLUMNS = [f"p{round(100 * q)}" for q in QUANTILES]
FORECAST_COLUMNS = [
    "method", "as_of", "period", "period_start", "period_end", "dimension", "dimension_value",
    "won_to_date", "expected", *QUANTILE_COLUMNS,
]  # fmt: skip
DEAL_COLUMNS = [
    "as_of", "deal_key", "method", "horizon_days", "win_probability", "source_name", "pipeline",
    "stage", "owner", "team", "lead_source", "region",
]  # fmt: skip
SHARES_OF_A_MONTH = (0.25, 0.5, 0.75)
DEAL_METHODS = ("historical", "model")
# The horizon of being won at all, and the days ahead that stand for it.
EVER, EVER_DAYS = 0, LONGEST_PATH
Piece = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Backtest:
    """``forecasts``: a row an origin, method, window and dimension value.

    ``deals``: a row an origin, method, open deal and horizon, ``horizon_days`` 0 being ever.
    """

    forecasts: pd.DataFrame
    deals: pd.DataFrame


def backtest_origins(first_day: date, as_of: date, months: int = 12) -> list[date]:
    """Return the days to forecast from: month ends, and a quarter, half and three quarters in.

    Of the last ``months`` complete months before ``as_of``, not before ``first_day``. The quarter
    points of fiscal quarters are among them: a quarter's 25 % are three quarters of its first
    month, its 50 % half of the second, its 75 % a quarter of the third.
    """
    days = []
    for back in range(months, -1, -1):
        month = month_of(add_months(as_of, -back))
        length = (month.end - month.start).days + 1
        days += [month.start + timedelta(days=round(length * s) - 1) for s in SHARES_OF_A_MONTH]
        days.append(month.end)
    earliest = add_months(as_of, -months)
    return [day for day in days if max(first_day, earliest - timedelta(days=1)) <= day < as_of]


def backtest(
    history: DealHistory, origins: Sequence[date], fiscal_year_start_month: int
) -> Backtest:
    """Forecast from each origin the next 30, 60 and 90 days, and the running month and quarter.

    On the last day of a month or quarter the next one is forecast. Money to the cent.
    """
    forecasts: list[Piece] = []
    deals: list[Piece] = []
    for origin in origins:
        told, told_of_deals = _from_origin(history, origin, fiscal_year_start_month)
        forecasts += told
        deals.append(told_of_deals)
    return Backtest(_joined(forecasts, FORECAST_COLUMNS), _joined(deals, DEAL_COLUMNS))


def _from_origin(
    history: DealHistory, origin: date, fiscal_year_start_month: int
) -> tuple[list[Piece], Piece]:
    tomorrow = origin + timedelta(days=1)
    periods = [month_of(tomorrow), quarter_of(tomorrow, fiscal_year_start_month)]
    windows = [*lead_windows(origin), *windows_of(periods)[:-1]]
    phase = (fiscal_year_start_month - 1) % 3
    engine = Engine(past_of(history, origin), windows, phase, further=(EVER_DAYS,))
    told = [_rows(engine, totals) for method in METHODS for totals in engine.totals(method)]
    return told, _deals(engine)


def _joined(pieces: list[Piece], columns: list[str]) -> pd.DataFrame:
    """Join pieces column by column: many small frames would cost more than the forecasts."""
    joined = {
        name: np.concatenate([piece[name] for piece in pieces]) if pieces else np.array([])
        for name in columns
    }
    return pd.DataFrame(joined)


def _rows(engine: Engine, totals: Totals) -> Piece:
    """Lay one method's forecast for one dimension out, by window and value."""
    quantiles = np.round(totals.quantiles, 2)  # (5, values, windows)
    expected = np.round(totals.won_to_date + totals.from_open + totals.from_new, 2)
    said = totals.windows
    values, windows = len(totals.names), [engine.windows[number] for number in said]
    starts = np.array([window.start or 0 for window in windows], dtype=np.int64)
    ends = np.array([window.end or 0 for window in windows], dtype=np.int64)
    count = values * len(said)
    as_of = dates_of(np.array([engine.past.as_of]))
    return {
        "method": np.full(count, totals.method, dtype=object),
        "as_of": np.repeat(as_of, count),
        "period": np.repeat(np.array([w.period for w in windows], dtype=object), values),
        "period_start": np.repeat(dates_of(starts), values),
        "period_end": np.repeat(dates_of(ends), values),
        "dimension": np.full(count, totals.dimension, dtype=object),
        "dimension_value": np.tile(np.array(totals.names, dtype=object), len(said)),
        "won_to_date": totals.won_to_date[:, said].T.reshape(-1),
        "expected": expected[:, said].T.reshape(-1),
        **{
            column: quantile[:, said].T.reshape(-1)
            for column, quantile in zip(QUANTILE_COLUMNS, quantiles, strict=True)
        },
    }


def _deals(engine: Engine) -> Piece:
    """Return the chance of each open deal to be won within each lead, and ever."""
    past, rows = engine.past, engine.open_rows
    states, count = past.states, len(rows)
    base: Piece = {
        "as_of": np.repeat(dates_of(np.array([past.as_of])), count),
        "deal_key": np.asarray(past.deal_names[states.deal[rows]], dtype=object),
        "stage": states.stage.names[states.stage.codes[rows]],
        **{name: coded.names[coded.codes[rows]] for name, coded in states.dimensions.items()},
    }
    edges = engine.segments.edges
    pieces = []
    for method in DEAL_METHODS:
        chance = engine.mean_chances(method)
        for horizon, days in ((EVER, EVER_DAYS), *zip(LEADS, LEADS, strict=True)):
            place = int(np.searchsorted(edges, days))
            pieces.append(
                base
                | {
                    "method": np.full(count, method, dtype=object),
                    "horizon_days": np.full(count, horizon),
                    "win_probability": np.round(chance[place], 6),
                }
            )
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in DEAL_COLUMNS}
