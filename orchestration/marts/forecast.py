"""What open deals, and deals yet to come, are expected to bring by their measured history.

Pure functions on small frames; sums of money are made in the engine (``forecast_table``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from orchestration.forecast.stage_paths import LONGEST_PATH, Floats, StagePaths, stage_paths
from orchestration.marts.periods import Period

DIMENSIONS = ["dimension", "dimension_value"]


@dataclass(frozen=True)
class History:
    """What was measured up to ``as_of``. Money is in the reporting currency, as floats.

    ``open_deals``: dimension, dimension_value, pipeline, stage, days_in_stage (undated: null),
    value (sum). ``stays``: pipeline, stage, next_state, days, deals. ``entries``: pipeline, stage,
    deals. ``arrivals``: dimension, dimension_value, pipeline, per_day. ``mean_won``: pipeline,
    amount.
    """

    open_deals: pd.DataFrame
    stays: pd.DataFrame
    entries: pd.DataFrame
    arrivals: pd.DataFrame
    mean_won: pd.DataFrame


def historical_expectations(
    history: History, as_of: date, periods: Sequence[Period]
) -> pd.DataFrame:
    """Return what each period is expected to bring, by dimension value.

    Columns: period, period_start (null: the whole pipeline), dimension, dimension_value,
    expected_from_open, expected_from_new. A deal wins with the chance and in the time of the deals
    that were as long in its stage before; undated ones are taken to have just entered it. New deals
    arrive at the rate of the last year and bring the mean won amount of their pipeline.
    """
    paths = {
        str(pipeline): stage_paths(rows) for pipeline, rows in history.stays.groupby("pipeline")
    }
    from_creation = _from_creation(history.entries, paths)
    mean_won = {
        str(pipeline): float(amount)
        for pipeline, amount in zip(
            history.mean_won["pipeline"], history.mean_won["amount"], strict=True
        )
    }
    frames = []
    for period in [*periods, None]:
        after, until = _window(period, as_of)
        opened = history.open_deals.assign(
            expected_from_open=_from_open(history.open_deals, paths, after, until)
        )
        gains = {
            pipeline: _won_by_arrivals(chance, after, until) * mean_won.get(pipeline, 0.0)
            for pipeline, chance in from_creation.items()
        }
        # The whole pipeline is what is there now: nothing is yet to come.
        share = 0.0 if period is None else 1.0
        arriving = history.arrivals.assign(
            expected_from_new=history.arrivals["per_day"].astype("float64")
            * history.arrivals["pipeline"].map(gains).astype("float64").fillna(0.0)
            * share
        )
        sums = (
            opened.groupby(DIMENSIONS, sort=True)["expected_from_open"]
            .sum()
            .to_frame()
            .join(
                arriving.groupby(DIMENSIONS, sort=True)["expected_from_new"].sum().to_frame(),
                how="outer",
            )
            .fillna(0.0)
            .reset_index()
        )
        frames.append(
            sums.assign(
                period=period.kind if period else "pipeline",
                period_start=period.start if period else None,
            )
        )
    return pd.concat(frames, ignore_index=True)


def _window(period: Period | None, as_of: date) -> tuple[int, int]:
    """Days from ``as_of`` to just before the period and to its end."""
    if period is None:
        return 0, LONGEST_PATH
    return max((period.start - as_of).days - 1, 0), (period.end - as_of).days


def _from_open(
    open_deals: pd.DataFrame, paths: dict[str, StagePaths], after: int, until: int
) -> Floats:
    """Return the expected value of each row of open deals within a window of days."""
    chances: dict[tuple[str, str, int], float] = {}
    ages = open_deals["days_in_stage"].fillna(0).astype("int64")
    expected = np.zeros(len(open_deals))
    for row, (pipeline, stage, age, value) in enumerate(
        zip(open_deals["pipeline"], open_deals["stage"], ages, open_deals["value"], strict=True)
    ):
        key = (str(pipeline), str(stage), int(age))
        if key not in chances:
            path = paths.get(key[0])
            chances[key] = (
                0.0
                if path is None
                else path.chance(key[1], key[2], until) - path.chance(key[1], key[2], after)
            )
        expected[row] = chances[key] * float(value)
    return expected


def _from_creation(entries: pd.DataFrame, paths: dict[str, StagePaths]) -> dict[str, Floats]:
    chances = {}
    for name, rows in entries.groupby("pipeline"):
        pipeline = str(name)
        if pipeline in paths:
            total = float(rows["deals"].sum())
            shares = {
                str(stage): float(deals) / total
                for stage, deals in zip(rows["stage"], rows["deals"], strict=True)
            }
            chances[pipeline] = paths[pipeline].chance_from_entry(shares)
    return chances


def _won_by_arrivals(chance: Floats, after: int, until: int) -> float:
    """Return how many are won within a window, of one deal created on each coming day.

    A deal created on day ``d`` has ``until - d`` days to be won in.
    """
    if until <= after:
        return 0.0
    created = np.arange(1, until + 1)
    by_end = chance[np.clip(until - created, 0, LONGEST_PATH)]
    by_start = np.where(created <= after, chance[np.clip(after - created, 0, LONGEST_PATH)], 0.0)
    return float((by_end - by_start).sum())
