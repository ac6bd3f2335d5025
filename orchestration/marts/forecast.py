"""The forecast of what will be won in the current and the next periods.

Pure functions on small frames: open deals grouped by what matters, counts of how long deals took,
arrivals, targets. Two methods: ``configured`` and ``historical``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from orchestration.marts.periods import Period
from orchestration.marts.resolution import Resolution, aalen_johansen

DIMENSIONS = ["dimension", "dimension_value"]
CENT = Decimal("0.01")


@dataclass(frozen=True)
class ForecastInputs:
    """What a forecast needs, as frames. Money is in the reporting currency.

    ``open_deals``: dimension, dimension_value, pipeline, stage, days_in_stage (null if undated),
    expected_close_date (null if none), deals, without_amount, value (sum), weighted (sum × the
    stage's configured win rate, exact). ``resolutions``: pipeline, stage (null: from creation),
    days, outcome, deals. ``arrivals``: dimension, dimension_value, pipeline, per_day.
    ``won``: dimension, dimension_value, closed_on, amount. ``mean_won``: pipeline, amount.
    ``targets``: dimension, dimension_value, period_start, period_end, target.
    """

    open_deals: pd.DataFrame
    resolutions: pd.DataFrame
    arrivals: pd.DataFrame
    won: pd.DataFrame
    mean_won: pd.DataFrame
    targets: pd.DataFrame


def money(value: object) -> Decimal:
    """Return an amount rounded to the cent, half up."""
    return Decimal(str(value)).quantize(CENT, rounding=ROUND_HALF_UP)


def forecast(inputs: ForecastInputs, as_of: date, periods: Sequence[Period]) -> pd.DataFrame:
    """Return ``mart_forecast`` for one ``as_of``.

    One row a method, period (null start: the whole pipeline), dimension and dimension value.
    """
    tables = [
        frame
        for method in (_configured(inputs, as_of, periods), _historical(inputs, as_of, periods))
        for frame in method
    ]
    rows = pd.concat(tables, ignore_index=True)
    rows = _with_won_and_targets(rows, inputs, as_of, periods)
    rows.insert(0, "as_of", as_of)
    order = ["method", "period", "period_start", *DIMENSIONS]
    return rows.sort_values(order, na_position="last", kind="stable").reset_index(drop=True)


def _scope(inputs: ForecastInputs) -> pd.DataFrame:
    """Every dimension value that a row is due to: seen open, won, arriving or with a target."""
    frames = [inputs.open_deals, inputs.won, inputs.arrivals, inputs.targets]
    return (
        pd.concat([frame[DIMENSIONS] for frame in frames])
        .drop_duplicates()
        .sort_values(DIMENSIONS)
        .reset_index(drop=True)
    )


def _frame(
    scope: pd.DataFrame, method: str, period: Period | None, values: pd.DataFrame
) -> pd.DataFrame:
    """One method's rows of one period; what a dimension value has nothing of is zero."""
    frame = scope.merge(values, on=DIMENSIONS, how="left")
    frame["method"] = method
    frame["period"] = period.kind if period else "pipeline"
    frame["period_start"] = period.start if period else None
    frame["period_end"] = period.end if period else None
    for column in ("expected_from_open", "expected_from_new"):
        given = frame[column] if column in frame else pd.Series(index=frame.index, dtype=object)
        frame[column] = [money(0) if pd.isna(value) else money(value) for value in given]
    for column in ("open_deals", "deals_without_amount"):
        frame[column] = frame[column].fillna(0).astype("int64")
    return frame


def _counted(deals: pd.DataFrame) -> pd.DataFrame:
    return (
        deals.groupby(DIMENSIONS, sort=True)
        .agg(open_deals=("deals", "sum"), deals_without_amount=("without_amount", "sum"))
        .reset_index()
    )


def _configured(
    inputs: ForecastInputs, as_of: date, periods: Sequence[Period]
) -> list[pd.DataFrame]:
    """The oldest forecast of the field: count × amount × configured win rate of the stage.

    A deal falls into the period of its expected close date, an overdue one into the current; the
    row without a period is the whole pipeline.
    """
    scope = _scope(inputs)
    deals = inputs.open_deals
    due = deals["expected_close_date"]
    frames = []
    for period in [*periods, None]:
        if period is None:
            chosen = deals
        else:
            in_period = (due >= period.start) & (due <= period.end)
            overdue = (due < as_of) & period.contains(as_of)
            chosen = deals[(in_period | overdue) & due.notna()]
        weighted = (
            chosen.groupby(DIMENSIONS, sort=True)["weighted"]
            # Decimals are added as they are: the sum is exact.
            .agg(lambda values: sum(values, Decimal(0)))
            .rename("expected_from_open")
            .reset_index()
        )
        frames.append(
            _frame(scope, "configured", period, _counted(chosen).merge(weighted, on=DIMENSIONS))
        )
    return frames


def _historical(
    inputs: ForecastInputs, as_of: date, periods: Sequence[Period]
) -> list[pd.DataFrame]:
    """Chances and times as measured up to ``as_of``, by pipeline and stage.

    An open deal wins within a window with the Aalen-Johansen chance of deals that entered its
    stage, given that it is still unresolved at its age in the stage. Deals yet to come arrive at
    the rate of the last year and win with the chance and time of their pipeline.
    """
    scope = _scope(inputs)
    from_stage, from_creation = _resolutions(inputs.resolutions)
    mean_won = dict(zip(inputs.mean_won["pipeline"], inputs.mean_won["amount"], strict=True))
    frames = []
    for period in [*periods, None]:
        after, until = _window(period, as_of)
        deals = inputs.open_deals.copy()
        deals["expected"] = 0.0
        for (pipeline, stage), rows in deals.groupby(["pipeline", "stage"], sort=True):
            resolution = from_stage.get((pipeline, stage))
            if resolution is None or until <= after:
                continue
            # Undated deals are taken to have just entered their stage.
            age = rows["days_in_stage"].fillna(0).to_numpy(dtype=float)
            chance = resolution.won_between(age, after, until)
            deals.loc[rows.index, "expected"] = chance * rows["value"].astype(float)
        expected = (
            deals.groupby(DIMENSIONS, sort=True)["expected"]
            .sum()
            .rename("expected_from_open")
            .reset_index()
        )
        arriving = inputs.arrivals.copy()
        arriving["expected_from_new"] = [
            row.per_day
            * _won_by_arrivals(from_creation.get(row.pipeline), after, until)
            * float(mean_won.get(row.pipeline, 0))
            for row in arriving.itertuples()
        ]
        new = arriving.groupby(DIMENSIONS, sort=True)["expected_from_new"].sum().reset_index()
        values = _counted(deals).merge(expected, on=DIMENSIONS, how="outer")
        values = values.merge(new, on=DIMENSIONS, how="outer")
        frames.append(_frame(scope, "historical", period, values))
    return frames


def _resolutions(
    counts: pd.DataFrame,
) -> tuple[dict[tuple[str, str], Resolution], dict[str, Resolution]]:
    staged = counts[counts["stage"].notna()]
    created = counts[counts["stage"].isna()]
    return (
        {key: aalen_johansen(rows) for key, rows in staged.groupby(["pipeline", "stage"])},
        {key: aalen_johansen(rows) for key, rows in created.groupby("pipeline")},
    )


def _window(period: Period | None, as_of: date) -> tuple[float, float]:
    """Days from ``as_of`` to just before the period and to its end."""
    if period is None:
        return 0.0, float("inf")
    before = max((period.start - as_of).days - 1, 0)
    return float(before), float((period.end - as_of).days)


def _won_by_arrivals(resolution: Resolution | None, after: float, until: float) -> float:
    """Return how many are won within a window, of one deal created on each coming day.

    A deal created on day ``d`` has ``until - d`` days to be won in. The whole pipeline (an
    infinite window) has no deals yet to come.
    """
    if resolution is None or np.isinf(until) or until <= after:
        return 0.0
    last = len(resolution.won) - 1
    created = np.arange(1, int(until) + 1)
    latest = np.minimum(until - created, last).astype(int)
    earliest = after - created
    before = np.where(
        earliest >= 0, resolution.won[np.minimum(np.maximum(earliest, 0), last).astype(int)], 0.0
    )
    return float((resolution.won[latest] - before).sum())


def _with_won_and_targets(
    rows: pd.DataFrame, inputs: ForecastInputs, as_of: date, periods: Sequence[Period]
) -> pd.DataFrame:
    won_frames = []
    for period in periods:
        closed = inputs.won["closed_on"]
        inside = inputs.won[(closed >= period.start) & (closed <= min(period.end, as_of))]
        total = (
            inside.groupby(DIMENSIONS, sort=True)["amount"]
            .agg(lambda values: sum(values, Decimal(0)))
            .rename("won_to_date")
            .reset_index()
        )
        won_frames.append(total.assign(period=period.kind, period_start=period.start))
    keys = ["period", "period_start", *DIMENSIONS]
    rows = rows.merge(pd.concat(won_frames), on=keys, how="left")
    rows["won_to_date"] = [
        money(0) if pd.isna(value) else money(value) for value in rows["won_to_date"]
    ]
    rows["expected"] = [
        won + from_open + from_new
        for won, from_open, from_new in zip(
            rows["won_to_date"], rows["expected_from_open"], rows["expected_from_new"], strict=True
        )
    ]
    targets = inputs.targets.groupby(
        ["period_start", "period_end", *DIMENSIONS], sort=True, as_index=False
    )["target"].agg(lambda values: sum(values, Decimal(0)))
    return rows.merge(targets, on=["period_start", "period_end", *DIMENSIONS], how="left")
