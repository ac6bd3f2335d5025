"""The forecast as tables: a row a method, period and dimension value, and a row an open deal.

What the numbers are made of stands in ``engine``; here they are laid out, and said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from orchestration.forecast.deals import deal_rows
from orchestration.forecast.engine import Engine
from orchestration.forecast.history import DealHistory, Flags, Ints, dates_of, days_of
from orchestration.forecast.past import Floats, past_of
from orchestration.forecast.statements import statement
from orchestration.forecast.totals import METHODS, QUANTILES, Totals
from orchestration.forecast.windows import windows_of
from orchestration.marts.periods import Period

__all__ = ["METHODS", "Forecast", "forecast"]

QUANTILE_COLUMNS = [f"p{round(100 * q)}" for q in QUANTILES]
ROW_COLUMNS = [
    "as_of", "method", "period", "period_start", "period_end", "dimension", "dimension_value",
    "open_deals", "deals_without_amount", "won_to_date", "expected_from_open",
    "expected_from_new", "expected", *QUANTILE_COLUMNS, "target", "target_probability",
    "statement",
]  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """``rows``: the columns of ``mart_forecast``; ``deals``: those of ``mart_deal_forecast``."""

    rows: pd.DataFrame
    deals: pd.DataFrame


def forecast(
    history: DealHistory, as_of: date, periods: Sequence[Period], targets: pd.DataFrame
) -> Forecast:
    """Forecast every period, and the whole pipeline, from what was known at the end of ``as_of``.

    ``targets``: period_start, period_end, dimension, dimension_value, target (reporting currency).
    Money is rounded to the cent. ``naive`` has no row where history reaches back too little.
    """
    quarter = next((p.start.month for p in periods if p.kind == "quarter"), 1)
    goals = targets.assign(
        start=_day_numbers(targets["period_start"]),
        end=_day_numbers(targets["period_end"]),
        target=targets["target"].astype("float64"),
        dimension_value=targets["dimension_value"].astype(str),
    )
    scope = {str(name): tuple(rows["dimension_value"]) for name, rows in goals.groupby("dimension")}
    past = past_of(history, as_of)
    # The largest of all, and not needed any more.
    del history
    engine = Engine(past, windows_of(periods), (quarter - 1) % 3, scope)
    frames = [
        _rows(engine, totals, goals, statement(engine, method))
        for method in METHODS
        for totals in engine.totals(method)
    ]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=ROW_COLUMNS)
    rows["as_of"] = pd.Series(np.full(len(rows), np.datetime64(as_of, "s")))
    rows = rows.sort_values(
        ["method", "period_start", "period", "dimension", "dimension_value"], kind="stable"
    ).reset_index(drop=True)
    return Forecast(rows[ROW_COLUMNS], deal_rows(engine))


def _rows(engine: Engine, totals: Totals, targets: pd.DataFrame, statement: str) -> pd.DataFrame:
    """Lay one method's forecast for one dimension out, a row a window and value."""
    frames = []
    standing = _standing(engine, totals.dimension)
    wanted = targets[targets["dimension"] == totals.dimension]
    for number in totals.windows:
        window, quantiles = engine.windows[number], totals.quantiles[:, :, number]
        counts = standing
        if totals.method == "configured" and window.end is not None:
            counts = _due(engine, totals.dimension, number)
        won, old, new = (
            np.round(part[:, number], 2)
            for part in (totals.won_to_date, totals.from_open, totals.from_new)
        )
        goal = _goals(wanted, window.start, window.end, totals.names)
        frames.append(
            pd.DataFrame(
                {
                    "method": totals.method,
                    "period": window.period,
                    "period_start": _day(window.start),
                    "period_end": _day(window.end),
                    "dimension": totals.dimension,
                    "dimension_value": totals.names,
                    "open_deals": counts[0],
                    "deals_without_amount": counts[1],
                    "won_to_date": won,
                    "expected_from_open": old,
                    "expected_from_new": new,
                    "expected": np.round(won + old + new, 2),
                    **dict(zip(QUANTILE_COLUMNS, np.round(quantiles, 2), strict=True)),
                    "target": goal,
                    "target_probability": np.round(totals.reached(number, goal), 6),
                    "statement": statement,
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=ROW_COLUMNS)


def _day_numbers(dates: pd.Series[Any]) -> Ints:
    return days_of(pd.Series(pd.to_datetime(dates).to_numpy().astype("datetime64[s]")))


def _day(day: int | None) -> np.datetime64:
    return np.datetime64("NaT", "s") if day is None else dates_of(np.array([day]))[0]


def _standing(engine: Engine, dimension: str) -> tuple[Ints, Ints]:
    """Return how many deals are open, and how many of them have no amount, by value."""
    return _counted(engine, dimension, np.ones(len(engine.open_rows), dtype=bool))


def _due(engine: Engine, dimension: str, window: int) -> tuple[Ints, Ints]:
    """Return the same of the deals whose expected close date falls into a window."""
    span = engine.windows[window]
    assert span.start is not None
    assert span.end is not None
    expected = engine.past.states.expected[engine.open_rows]
    due = (expected >= span.start) & (expected <= span.end)
    if span.is_current(engine.past.as_of):
        due |= expected < engine.past.as_of
    return _counted(engine, dimension, due)


def _counted(engine: Engine, dimension: str, chosen: Flags) -> tuple[Ints, Ints]:
    rows = engine.open_rows
    coded = engine.dimensions[dimension]
    codes = coded.codes[engine.past.states.spell[rows]]
    without = chosen & ~np.isfinite(engine.past.states.amount[rows])
    size = len(coded.names)
    return (
        np.bincount(codes[chosen], minlength=size),
        np.bincount(codes[without], minlength=size),
    )


def _goals(
    targets: pd.DataFrame, start: int | None, end: int | None, names: Sequence[str]
) -> Floats:
    """Return the target of each value for a window, null where there is none."""
    if start is None or targets.empty:
        return np.full(len(names), np.nan)
    here = targets[(targets["start"] == start) & (targets["end"] == end)]
    by_value = here.groupby("dimension_value")["target"].sum()
    goals: Floats = by_value.reindex(list(names)).to_numpy(dtype=np.float64)
    return goals
