"""The parts that the model is made of, against known laws and plain arithmetic."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.forecast.aging import AGE_BINS, fit_aging
from orchestration.forecast.amounts import Pool, ratio_pool, won_pools
from orchestration.forecast.baselines import naive_totals
from orchestration.forecast.chances import drift_of
from orchestration.forecast.engine import Engine
from orchestration.forecast.hazards import Factor, fit_rates
from orchestration.forecast.history import day_number
from orchestration.forecast.landmarks import is_like_today, landmark_rows
from orchestration.forecast.methods import METHODS
from orchestration.forecast.pace import fit_pace
from orchestration.forecast.past import GONE, WON, Past, past_of
from orchestration.forecast.statements import statement
from orchestration.forecast.stays import stays_of
from orchestration.forecast.tempo import fit_tempo, left_of_quarter
from orchestration.forecast.windows import coded_dimensions, lead_windows, windows_of
from orchestration.marts.periods import month_of
from tests.forecast.scoring import scoreboard, scored
from tests.forecast.test_history import history
from tests.forecast.worlds import world


@pytest.fixture(scope="module")
def past() -> Past:
    drawn = world("stable", 1)
    return past_of(drawn.history, drawn.origin)


def test_rates_of_many_events_are_what_was_counted_and_few_are_shrunk() -> None:
    levels = np.array([0, 1, 2])
    exposure = np.array([100_000.0, 100_000.0, 20.0])
    events = np.array([1_000.0, 4_000.0, 2.0])
    fitted = fit_rates([Factor("group", levels, 3, 0.5)], events, exposure)
    rates = np.exp(fitted.log_rates(fitted.effects[None, :], [Factor("group", levels, 3)])[0])
    np.testing.assert_allclose(rates[:2], [0.01, 0.04], rtol=0.02)
    # Two events over twenty days are 0.1 a day; so little is drawn towards the others.
    assert 0.015 < rates[2] < 0.07
    drawn = fitted.draws(np.random.default_rng(1), 4_000)
    spread = fitted.log_rates(drawn, [Factor("group", levels, 3)]).std(axis=1)
    assert drawn.mean(axis=0) == pytest.approx(fitted.effects, abs=0.05)
    assert fitted.log_rates(drawn, [Factor("group", levels, 3)]).std(axis=0)[2] > 0.2
    assert spread.shape == (4_000,)


def test_a_factor_that_says_nothing_gets_no_effects() -> None:
    rng = np.random.default_rng(2)
    levels = rng.integers(0, 30, 6_000)
    events = rng.poisson(0.2, 6_000).astype(float)
    fitted = fit_rates([Factor("noise", levels, 30)], events, np.ones(6_000))
    raw = np.log(np.bincount(levels, events) / np.bincount(levels) / 0.2)
    start = fitted.starts["noise"]
    assert np.abs(fitted.effects[start : start + 30]).mean() < 0.5 * np.abs(raw).mean()


def test_a_tempo_finds_its_season_and_its_level() -> None:
    first = day_number(date(2020, 1, 1))
    days = np.arange(first, day_number(date(2023, 12, 31)) + 1)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    law = np.where(month == 7, 0.5, 1.0) * np.where(days > days[-1] - 300, 1.5, 1.0)
    events = np.random.default_rng(3).poisson(law * 4).astype(float)
    tempo = fit_tempo(first, events, np.full(len(days), 4.0), 0)
    found = tempo.mean(days)
    assert found[month == 7].mean() / found[month == 4].mean() == pytest.approx(0.5, abs=0.12)
    change, deviation = tempo.level_change(14)
    assert change == pytest.approx(np.log(1.5), abs=0.2)
    assert 0 < deviation < 0.2
    ahead = tempo.draws(np.random.default_rng(4), 400, 240)
    assert ahead[:, :31].mean() == pytest.approx(1.5, rel=0.15)
    august = slice(213, 240)
    assert ahead[:, august].mean() / ahead[:, 122:150].mean() == pytest.approx(0.5, abs=0.15)
    # The further ahead, the less is known.
    assert ahead[:, 122:150].mean(axis=1).std() > ahead[:, :28].mean(axis=1).std()


def test_a_change_is_believed_sooner_where_the_company_is_known_to_move() -> None:
    first = day_number(date(2021, 1, 1))
    days = first + np.arange(900)
    events = np.where(days > days[-1] - 90, 1.3, 1.0)
    found = [
        fit_tempo(first, events, np.ones(len(days)), 0, moving).mean(days[-30:]).mean()
        for moving in (False, True)
    ]
    assert 1.0 < found[0] < found[1] < 1.4


def test_aging_counts_every_closing_once(past: Past) -> None:
    for cause in (WON, GONE):
        aging = fit_aging(past, cause, fit_pace(past, stays_of(past), 0), 0)
        lent = 2.0 * (len(AGE_BINS) - 1) * len(past.spells.dimensions["pipeline"].names)
        late = past.spells.end - past.spells.start + 1 > AGE_BINS[-1]
        known = (past.spells.cause == cause) & ~late
        assert aging.events.sum() - lent == pytest.approx(known.sum(), abs=2)
        assert drift_of(aging) == 0.0


@pytest.mark.parametrize("as_of", ["2023-07-01", "2023-07-30", "2023-09-30", "2024-02-29"])
def test_each_third_landmark_is_at_todays_place_of_its_quarter(past: Past, as_of: str) -> None:
    then = replace(past, as_of=day_number(date.fromisoformat(as_of)))
    days = np.unique(landmark_rows(then).day)[::-1]
    assert len(days) >= 24
    assert set(np.diff(days)) <= set(range(-31, -26))
    left = left_of_quarter(np.r_[then.as_of, days], 0)
    alike = is_like_today(then, days)
    np.testing.assert_array_equal(np.flatnonzero(alike), np.arange(2, len(days), 3))
    # A quarter that is shorter begins a day or two nearer to its end.
    assert np.abs(left[1:][alike] - left[0]).max() <= 2


def test_few_wins_bring_more_than_they_have_brought_and_the_same_on_average() -> None:
    rng = np.random.default_rng(4)
    amounts = np.array([10.0, 20.0, 40.0, 80.0])
    pool = Pool(amounts, np.full(4, 0.25), 0.3)
    sure = np.tile(np.cumsum(pool.weights), (1, 1))
    brought = pool.pick(rng, sure, np.zeros(40_000, dtype=np.int64))
    assert brought.mean() == pytest.approx(pool.mean, rel=0.02)
    assert brought.max() > 1.5 * amounts.max()


def test_amounts_are_drawn_as_often_as_their_weights_say(past: Past) -> None:
    pool = Pool(np.array([1.0, 10.0]), np.array([0.8, 0.2]))
    assert pool.mean == pytest.approx(2.8)
    rng = np.random.default_rng(5)
    sure = np.repeat(np.array([[0.8, 1.0]]), 2, axis=0)
    picked = pool.pick(rng, sure, np.repeat([0, 1], 20_000))
    assert picked.mean() == pytest.approx(2.8, abs=0.1)
    won = past.spells.amount[past.won]
    (whole,) = won_pools(past)
    assert won.min() <= whole.mean <= won.max()
    assert ratio_pool(past, landmark_rows(past)).mean == pytest.approx(0.95, abs=0.06)


def test_naive_is_the_same_days_a_year_before() -> None:
    wins: list[dict[str, object]] = [
        {"deal_key": "a", "closed_on": "2023-02-03", "known_on": "2023-02-03", "amount": 5.0},
        {"deal_key": "b", "closed_on": "2023-02-20", "known_on": "2023-02-20", "amount": 70.0},
        {"deal_key": "c", "closed_on": "2024-01-20", "known_on": "2024-01-20", "amount": 900.0},
        {"deal_key": "d", "closed_on": "2022-06-01", "known_on": "2022-06-01", "amount": 1.0},
    ]
    as_of = date(2024, 2, 10)
    known = past_of(history([], wins), as_of)
    windows = windows_of([month_of(as_of), month_of(date(2024, 3, 1))])
    coded = coded_dimensions(known, {})["all"]
    rest = naive_totals(known, windows, coded).mean(axis=0)[0]
    # Of this February nineteen days are left, and those of the last one brought 70.
    assert rest[:2] == pytest.approx([70.0, 0.0])
    young = past_of(history([], wins[2:3]), as_of)
    fresh = naive_totals(young, windows[:1], coded_dimensions(young, {})["all"])
    # No year back, and no whole month before: nothing is said.
    assert np.isnan(fresh).all()


def test_a_drift_is_noticed_and_said() -> None:
    drawn = world("drifting", 1001)
    known = past_of(drawn.history, drawn.origin)
    engine = Engine(known, lead_windows(drawn.origin), 0)
    assert engine.leaning.change > 0.15
    assert "odds of losing rose" in statement(engine, "model")


def test_an_engine_is_forgotten_with_its_last_user() -> None:
    drawn = world("small", 3)
    engine = Engine(past_of(drawn.history, drawn.origin), lead_windows(drawn.origin), 0)
    for method in METHODS:
        list(engine.totals(method))
    is_there = weakref.ref(engine)
    gc.disable()
    try:
        del engine
        # A backtest makes one after the other, each as large as the company.
        assert is_there() is None
    finally:
        gc.enable()


def test_seasonal_worlds_are_forecast_better_than_by_any_baseline() -> None:
    rows = pd.concat([scored("seasonal", seed)[0] for seed in (300, 301)])
    parts = rows[rows["dimension"] != "all"].assign(period="any")
    board = scoreboard(parts).droplevel(["world", "period"])
    rivals = board.drop(index="model")
    assert board.loc["model", "pinball"] < 0.8 * rivals["pinball"].min()
    assert board.loc["model", "wape"] < 0.85 * rivals["wape"].min()
    # Values of two worlds are not independent: the bounds are wide.
    assert 0.65 <= board.loc["model", "coverage"] <= 0.95
