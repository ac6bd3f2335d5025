"""The rolling-origin backtest: what would have been forecast on past days, from what was known then.

Each origin stands alone (Tashman, Int. J. Forecasting 16, 2000): a new one leaves all others as
they are. What really came is not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.forecast.engine import METHODS, QUANTILES, Engine, Totals
from orchestration.forecast.history import DealHistory, dates_of
from orchestration.forecast.past import past_of
from orchestration.forecast.stage_paths import LONGEST_PATH
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


@dataclass(frozen=True)
class Backtest:
    """``forecasts``: a row an origin, method, window and dimension value; ``deals``: a row an
    origin, open deal and horizon."""

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
    forecasts, deals = [], []
    for origin in origins:
        tomorrow = origin + timedelta(days=1)
        periods = [month_of(tomorrow), quarter_of(tomorrow, fiscal_year_start_month)]
        windows = [*lead_windows(origin), *windows_of(periods)]
        engine = Engine(past_of(history, origin), windows, (fiscal_year_start_month - 1) % 3)
        for method in METHODS:
            forecasts += [_rows(engine, totals) for totals in engine.totals(method)]
        deals.append(_deals(engine))
    return Backtest(_joined(forecasts, FORECAST_COLUMNS), _joined(deals, DEAL_COLUMNS))


def _joined(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    full = [frame for frame in frames if len(frame)]
    if not full:
        return pd.DataFrame({name: [] for name in columns})
    return pd.concat(full, ignore_index=True)[columns]


def _rows(engine: Engine, totals: Totals) -> pd.DataFrame:
    frames = []
    expected = totals.won_to_date + totals.from_open + totals.from_new
    for number, window in enumerate(engine.windows):
        quantiles = totals.quantiles[:, :, number]
        if window.start is None or window.end is None or np.isnan(quantiles).any():
            continue
        days = dates_of(np.array([engine.past.as_of, window.start, window.end]))
        frames.append(
            pd.DataFrame(
                {
                    "method": totals.method, "as_of": days[0], "period": window.period,
                    "period_start": days[1], "period_end": days[2],
                    "dimension": totals.dimension, "dimension_value": totals.names,
                    "won_to_date": totals.won_to_date[:, number],
                    "expected": np.round(expected[:, number], 2),
                    **dict(zip(QUANTILE_COLUMNS, np.round(quantiles, 2), strict=True)),
                }
            )
        )  # fmt: skip
    return _joined(frames, FORECAST_COLUMNS)


def _deals(engine: Engine) -> pd.DataFrame:
    """Return the chance of each open deal to be won within each lead and at all (two years)."""
    past, rows = engine.past, engine.open_rows
    states = past.states
    if not len(rows):
        return pd.DataFrame({name: [] for name in DEAL_COLUMNS})
    base = {
        "as_of": dates_of(np.array([past.as_of]))[0],
        "deal_key": np.asarray(past.deal_names[states.deal[rows]], dtype=object),
        "stage": states.stage.names[states.stage.codes[rows]],
        **{name: coded.names[coded.codes[rows]] for name, coded in states.dimensions.items()},
    }
    leads = (*LEADS, LONGEST_PATH)
    places = np.searchsorted(engine.segments.edges, leads)
    frames = []
    for method in ("historical", "model"):
        chance = engine.outlook(method).chances.mean(axis=0, dtype=np.float64)
        for days, place in zip(leads, places, strict=True):
            frames.append(
                pd.DataFrame(
                    base
                    | {
                        "method": method, "horizon_days": days,
                        "win_probability": np.round(chance[place], 6),
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)[DEAL_COLUMNS]
