"""What the model notices of its time: drift, season, a late beginning, chances too timid."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from orchestration.forecast.backtest import backtest
from orchestration.forecast.engine import Engine
from orchestration.forecast.history import DealHistory, day_number
from orchestration.forecast.landmarks import (
    CUT_DAYS,
    FOLLOWED_DAYS,
    Rows,
    followed,
    landmark_rows,
)
from orchestration.forecast.leaning import Leaning, fit_leaning
from orchestration.forecast.past import past_of
from orchestration.forecast.sharpening import LEADS, fit_sharpening
from orchestration.forecast.tempo import left_of_quarter, place_in_quarter
from orchestration.forecast.windows import lead_windows
from tests.forecast.worlds import World, world

UNTIL = day_number(date(2023, 9, 30))


def leaning(drift: float, days: int = 800, by_quarter: float = 0.0) -> Leaning:
    """Fit ends of two stages whose odds of losing rise by ``drift`` over the last 400 days."""
    rng = np.random.default_rng(7)
    day = np.sort(UNTIL - rng.integers(0, days, 6_000))
    stage = rng.integers(0, 2, len(day))
    odds = np.array([-0.4, 0.5])[stage] + drift * np.clip((day - UNTIL + 400) / 400, 0, None)
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    odds = odds + np.where(months % 3 == 2, by_quarter, 0.0)
    lost = (rng.random(len(day)) < 1 / (1 + np.exp(-odds))).astype(float)
    return fit_leaning(UNTIL, 0, stage, rng.integers(1, 30, len(day)), day, lost)


def test_odds_of_losing_that_rise_are_followed_and_carried_on() -> None:
    found = leaning(1.2)
    assert found.change == pytest.approx(1.08, abs=0.3)
    ahead = np.array([0, 45, 90])
    drawn = found.draws(2_000, ahead)
    past = found.mean(UNTIL - np.array([180]))[0]
    assert drawn[:, 0].mean() - past == pytest.approx(0.54, abs=0.25)
    # What goes on is less than what was, and ever less sure.
    assert 0.05 < drawn[:, 2].mean() - drawn[:, 0].mean() < 0.4
    assert drawn[:, 2].std() > drawn[:, 0].std()


@pytest.mark.parametrize(
    ("drift", "days", "by_quarter"), [(0.0, 800, 0.0), (0.0, 800, -1.0), (1.2, 300, 0.0)]
)
def test_no_drift_is_read_from_chance_a_quarters_course_or_less_than_a_year(
    drift: float, days: int, by_quarter: float
) -> None:
    assert leaning(drift, days, by_quarter).change == 0.0


def engine_of(drawn: World) -> Engine:
    return Engine(past_of(drawn.history, drawn.origin), lead_windows(drawn.origin), 0)


def test_slow_months_are_short_on_the_clock() -> None:
    drawn = world("seasonal", 1001)
    pace = engine_of(drawn).pace
    days = {
        month: float(pace.between(np.array([start]), np.array([start + 28]))[0])
        for month in range(1, 13)
        for start in [day_number(date(2022, month, 1))]
    }
    assert max(days[7], days[8]) < min(days[2], days[4], days[5], days[11])
    assert days[8] < 0.85 * days[4]


def test_chances_too_timid_are_spread_and_sound_ones_left() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(4_000)
    won = np.tile(rng.random(len(truth)) < truth, (len(LEADS), 1))
    timid = np.tile(0.5 + 0.6 * (truth - 0.5), (len(LEADS), 1))
    known, weight = np.ones_like(won), np.ones(len(truth))
    edges = np.r_[0, LEADS]
    said = np.array([0.0, 0.3, 0.5, 0.7, 0.7], dtype=np.float32)[None, :, None]
    still = np.zeros_like(won, dtype=np.int64)
    none = np.zeros((len(edges), 1), dtype=np.int64)
    never = np.zeros(len(truth), dtype=bool)
    spread = fit_sharpening(timid, won, known, weight, still, never).of(said, edges, none)[0, :, 0]
    assert spread[0] == 0
    assert spread[1] == pytest.approx(1 / 6, abs=0.06)
    assert spread[3] == pytest.approx(5 / 6, abs=0.06)
    assert (np.diff(spread) >= 0).all()
    fitted = fit_sharpening(np.tile(truth, (len(LEADS), 1)), won, known, weight, still, never)
    np.testing.assert_allclose(fitted.of(said, edges, none), said, atol=0.04)


def test_what_waits_for_a_quarters_end_is_surer_than_its_past_says() -> None:
    rng = np.random.default_rng(5)
    said = rng.uniform(0.5, 0.8, 3_000)
    waits = rng.random(len(said)) < 0.3
    won = np.tile(rng.random(len(said)) < np.where(waits, 0.95, said), (len(LEADS), 1))
    waiting = np.tile(np.where(waits, 2, 0), (len(LEADS), 1))
    told = np.tile(said, (len(LEADS), 1))
    never = np.zeros(len(said), dtype=bool)
    fitted = fit_sharpening(told, won, np.ones_like(won), np.ones(len(said)), waiting, never)
    edges = np.array([0, 30])
    both = np.array([[0.0, 0.0], [0.65, 0.65]], dtype=np.float32)[None]
    free, waiting_too = fitted.of(both, edges, np.array([[0, 0], [0, 2]]))[0, 1]
    assert free == pytest.approx(0.65, abs=0.04)
    assert waiting_too == pytest.approx(0.95, abs=0.04)


def test_what_a_season_makes_likelier_is_told_of_its_own_month() -> None:
    rng = np.random.default_rng(6)
    said = rng.uniform(0.2, 0.8, 6_000)
    in_season = np.arange(len(said)) % 4 == 0
    odds = np.log(said / (1 - said)) + np.where(in_season, 0.8, 0.0)
    won = np.tile(rng.random(len(said)) < 1 / (1 + np.exp(-odds)), (len(LEADS), 1))
    told, still = np.tile(said, (len(LEADS), 1)), np.zeros_like(won, dtype=np.int64)
    fitted = fit_sharpening(told, won, np.ones_like(won), np.ones(len(said)), still, in_season)
    moved = fitted.of(np.array([[[0.0], [0.5]]], np.float32), np.r_[0, 30], still[:2, :1])[0, 1, 0]
    assert moved == pytest.approx(1 / (1 + np.exp(-0.8)), abs=0.04)


def test_no_lead_lies_on_both_sides_of_a_quarters_last_weeks() -> None:
    engine = engine_of(world("seasonal", 1001))
    rows = landmark_rows(engine.past)
    cells = followed(engine.past, rows, 0)
    near = cells.bin_until <= CUT_DAYS
    day = rows.day[cells.row][near]
    first, last = day + cells.bin_after[near] + 1, day + cells.bin_until[near]
    assert (place_in_quarter(first, 0) == 0).any()
    np.testing.assert_array_equal(place_in_quarter(first, 0) == 0, place_in_quarter(last, 0) == 0)
    # Nothing is lost or told twice: what a row is followed for comes to its whole.
    followed_days = np.bincount(cells.row, weights=cells.until - cells.after)
    spell = engine.past.states.spell[rows.state]
    stop = np.minimum(engine.past.spells.end[spell], engine.past.as_of)
    np.testing.assert_array_equal(followed_days, np.minimum(stop - rows.day, FOLLOWED_DAYS))


def test_deals_wait_in_their_last_stage_while_a_quarter_is_to_end() -> None:
    engine = engine_of(world("seasonal", 1001))
    past, lens = engine.past, engine.chances.lens
    rows = Rows(engine.open_rows, np.full(len(engine.open_rows), past.as_of))
    left = int(left_of_quarter(np.array([past.as_of + 1]), 0)[0])
    kinds = lens.waiting(rows, np.array([left - 1, left]))
    assert not kinds[0].any()
    names = past.states.stage.names[past.states.stage.codes[rows.state]]
    assert set(names[kinds[1] > 0]) == {"sign"}
    assert (kinds[1][names == "sign"] > 0).all()
    waited = past.as_of + left - past.states.entered[rows.state]
    assert (waited[kinds[1] == 3] >= 30).all()


def test_time_before_anything_was_told_to_end_is_no_news() -> None:
    drawn = world("stable", 1002)
    history = drawn.history
    begin = drawn.origin - timedelta(days=400)
    ended_before = history.closings["closed_on"] < np.datetime64(begin, "s")
    gone = set(history.closings.loc[ended_before, "deal_key"].astype(str))
    kept = [
        frame[~frame["deal_key"].astype(str).isin(gone)]
        for frame in (history.spans, history.closings)
    ]
    for frame in kept:
        frame.attrs = {}
    cut = past_of(DealHistory(kept[0].astype({"deal_key": str}), kept[1]), drawn.origin)
    assert abs(cut.seen_from - day_number(begin)) <= 7
    whole = past_of(history, drawn.origin)
    assert whole.seen_from == whole.first_day
    totals = [
        next(Engine(past, lead_windows(drawn.origin), 0).totals("model")) for past in (whole, cut)
    ]
    expected = [total.from_open[0] + total.from_new[0] for total in totals]
    np.testing.assert_allclose(expected[1], expected[0], rtol=0.2)


def test_a_source_is_forecast_by_its_own_history() -> None:
    one, other = world("small", 5), world("drifting", 1001)
    days = (other.origin - one.origin).days
    assert days != 0
    frames = []
    for name in ("spans", "closings"):
        mine, theirs = getattr(one.history, name).copy(), getattr(other.history, name).copy()
        for frame, prefix in ((mine, "b"), (theirs, "a")):
            frame["deal_key"] = prefix + frame["deal_key"].astype(str)
            frame["source_name"] = prefix
            frame.attrs = {}
        frames.append(pd.concat([mine, theirs]))
    both = backtest(DealHistory(*frames), [other.origin], 1).forecasts
    alone = backtest(other.history, [other.origin], 1).forecasts
    keys = {"dimension": "source_name", "method": "model"}
    said = both[(both[list(keys)] == pd.Series(keys)).all(axis=1)]
    said = said[said["dimension_value"] == "a"].set_index("period")
    own = alone[(alone["dimension"] == "all") & (alone["method"] == "model")].set_index("period")
    for column in ("expected", "p10", "p90"):
        np.testing.assert_allclose(said[column], own[column].loc[said.index], rtol=0.15)
