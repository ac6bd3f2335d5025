"""The statistics behind the marts, against formulas worked by hand and plain simulation."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.forecast.stage_paths import stage_paths
from orchestration.marts.conversion import observed_rates, wilson_interval
from orchestration.marts.periods import forecast_periods, month_of, quarter_of


def _interval(successes: int, trials: int) -> tuple[float, float]:
    low, high = wilson_interval(pd.Series([successes]), pd.Series([trials]))
    return float(low.iloc[0]), float(high.iloc[0])


def test_wilson_interval_of_textbook_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert _interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert _interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert _interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert _interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_interval_holds_the_rate_within_zero_and_one(successes: int, trials: int) -> None:
    successes = min(successes, trials)
    low, high = _interval(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0


def test_rates_of_a_step_nobody_resolved() -> None:
    rates = observed_rates(pd.DataFrame({"entered": [4], "reached": [0], "lost": [0]}))
    assert rates["observed_rate"].tolist() == [0.0]
    assert rates["resolved_rate"].isna().all()


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 12))
def test_periods_hold_their_day_and_follow_each_other(day: date, first_month: int) -> None:
    month, next_month, quarter, next_quarter = forecast_periods(day, first_month)
    assert month.contains(day)
    assert quarter.contains(day)
    assert next_month.start - month.end == timedelta(days=1)
    assert next_quarter.start - quarter.end == timedelta(days=1)
    assert (quarter.start.month - first_month) % 3 == 0
    assert month_of(quarter.start).start == quarter.start
    assert 88 <= (quarter.end - quarter.start).days <= 91
    assert quarter_of(quarter.end, first_month) == quarter


def _stays(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stage", "next_state", "days", "deals"])


def test_paths_of_a_pipeline_worked_by_hand() -> None:
    # Half leave `first` for `second` after 2 days, half are gone after 2; of `second`, four in
    # five are won after 3 days, the rest are gone.
    paths = stage_paths(
        _stays(
            ("first", "second", 2, 50),
            ("first", "(gone)", 2, 50),
            ("second", "(won)", 3, 40),
            ("second", "(gone)", 3, 10),
        )
    )
    assert paths.chance("first", 0, 4) == 0.0
    assert paths.chance("first", 0, 5) == pytest.approx(0.4)
    assert paths.chance("first", 1, 4) == pytest.approx(0.4)
    assert paths.chance("second", 0, 3) == pytest.approx(0.8)
    assert paths.chance("second", 2, 1) == pytest.approx(0.8)
    # Nobody was ever there longer.
    assert paths.chance("second", 3, 100) == 0.0
    assert paths.chance("unheard of", 0, 100) == 0.0


def test_paths_agree_with_simulation() -> None:
    random = np.random.default_rng(7)
    stays = _stays(
        ("a", "b", 3, 30), ("a", "b", 9, 30), ("a", "(gone)", 5, 20), ("a", "(won)", 14, 20),
        ("b", "a", 4, 20), ("b", "(won)", 7, 50), ("b", "(gone)", 12, 30),
    )  # fmt: skip
    paths = stage_paths(stays)
    choices = {
        stage: (
            rows["next_state"].tolist(),
            rows["days"].tolist(),
            rows["deals"] / rows["deals"].sum(),
        )
        for stage, rows in stays.groupby("stage")
    }
    deals, window, won = 20_000, 40, 0
    for _ in range(deals):
        stage, clock = "a", 0
        while stage in choices and clock <= window:
            states, days, shares = choices[stage]
            pick = random.choice(len(states), p=shares)
            clock += days[pick]
            stage = states[pick]
        won += stage == "(won)" and clock <= window
    # Three standard errors of the simulated share.
    assert paths.chance("a", 0, window) == pytest.approx(won / deals, abs=0.0106)
