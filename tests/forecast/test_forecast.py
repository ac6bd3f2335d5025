"""The forecast as a whole: no leakage, the same again, sums that add up, and its edges."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestration.forecast.backtest import Backtest, backtest, backtest_origins
from orchestration.forecast.history import DealHistory, dates_of, day_number
from orchestration.forecast.methods import METHODS, Forecast, forecast
from orchestration.marts.periods import forecast_periods
from tests.forecast.test_history import CLOSING, history
from tests.forecast.worlds import World, world

NO_TARGETS = pd.DataFrame(
    {name: [] for name in ("period_start", "period_end", "dimension", "dimension_value", "target")}
)
DIMENSIONS = ("source_name", "pipeline", "owner", "team", "lead_source", "region")


def told(history: DealHistory, as_of: date, targets: pd.DataFrame = NO_TARGETS) -> Forecast:
    return forecast(history, as_of, forecast_periods(as_of, 1), targets)


@pytest.fixture(scope="module")
def small() -> World:
    return world("small", 3)


@pytest.fixture(scope="module")
def said(small: World) -> Forecast:
    targets = pd.DataFrame(
        {
            "period_start": [date(2023, 7, 1)] * 3, "period_end": [date(2023, 9, 30)] * 3,
            "dimension": ["all", "owner", "owner"], "dimension_value": ["all", "o1", "newcomer"],
            "target": [0.0, 1e12, 10.0],
        }
    )  # fmt: skip
    return told(small.history, small.origin, targets)


def altered_after(history: DealHistory, origin: date) -> DealHistory:
    """Change whatever is not known at a day: outcomes, amounts, dates, names, whole deals."""
    day = np.datetime64(origin, "s")
    spans, closings = history.spans.copy(), history.closings.copy()
    late = (spans["known_on"] > day).to_numpy()
    for name in ("stage", "owner", "lead_source", "region", "team"):
        spans[name] = spans[name].astype(object).where(~late, "Altered " + name)
    spans.loc[late, ["amount", "crm_probability", "stage_position"]] = [9e9, 0.001, 77]
    spans.loc[late, "expected_close_date"] = day
    later = (spans["valid_to"] > day).to_numpy()
    spans.loc[later, "valid_to"] = day + np.timedelta64(1, "D")
    after = (closings["known_on"] > day).to_numpy()
    closings["outcome"] = closings["outcome"].astype(object).where(
        ~after, np.where(closings["outcome"] == "won", "lost", "won")
    )  # fmt: skip
    closings.loc[after, "amount"] = 1e9
    closings.loc[after, "closed_on"] = day + np.timedelta64(1, "D")
    foreign = [
        {"deal_key": f"aaa{n}", "closed_on": origin + timedelta(days=1 + n), "outcome": "won",
         "amount": 1e7, "known_on": origin + timedelta(days=1 + n)}
        for n in range(20)
    ]  # fmt: skip
    more = pd.DataFrame([CLOSING | row for row in foreign])
    spans.attrs, closings.attrs = {}, {}
    return DealHistory(spans, pd.concat([closings.astype({"deal_key": object}), more]))


def frames(made: Backtest | Forecast) -> list[pd.DataFrame]:
    return list(vars(made).values())


def test_what_comes_after_an_origin_changes_nothing(small: World) -> None:
    altered = altered_after(small.history, small.origin)
    assert len(altered.closings) > len(small.history.closings)
    first = backtest(small.history, [small.origin], 1)
    second = backtest(altered, [small.origin], 1)
    for one, other in zip(frames(first), frames(second), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_an_origin_stands_alone_and_gives_the_same_again(small: World) -> None:
    earlier = small.origin - timedelta(days=40)
    both = backtest(small.history, [earlier, small.origin], 1)
    alone = backtest(small.history, [small.origin], 1)
    for one, other in zip(frames(both), frames(alone), strict=True):
        of_origin = one[one["as_of"] == np.datetime64(small.origin)].reset_index(drop=True)
        assert len(of_origin) < len(one)
        pd.testing.assert_frame_equal(of_origin, other, check_exact=True)


def test_a_dimensions_values_add_up_to_all(said: Forecast) -> None:
    parts = ["won_to_date", "expected_from_open", "expected_from_new", "open_deals",
             "deals_without_amount"]  # fmt: skip
    keys = ["method", "period", "period_start"]
    sums = said.rows.groupby([*keys, "dimension"], dropna=False)[parts].sum().reset_index()
    whole = sums[sums["dimension"] == "all"].set_index(keys)[parts]
    assert len(whole) == 4 * 5 - 1
    for dimension in DIMENSIONS:
        part = sums[sums["dimension"] == dimension].set_index(keys)[parts]
        # Money is rounded to the cent value by value.
        pd.testing.assert_frame_equal(part, whole, atol=0.05, rtol=0)


def test_rows_hold_their_identities(said: Forecast) -> None:
    rows = said.rows
    assert set(rows["method"]) == set(METHODS)
    total = rows["won_to_date"] + rows["expected_from_open"] + rows["expected_from_new"]
    np.testing.assert_allclose(rows["expected"], total, atol=0.011)
    quantiles = rows[["p10", "p25", "p50", "p75", "p90"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (rows["p10"] >= rows["won_to_date"] - 0.01).all()
    assert (rows.loc[rows["method"] == "configured", "expected_from_new"] == 0).all()
    whole = rows[rows["period"] == "pipeline"]
    assert (whole["expected_from_new"] == 0).all()
    assert set(whole["method"]) == {"configured", "historical", "model"}
    assert rows["statement"].str.endswith(".").all()


def test_targets_are_reached_with_a_chance(said: Forecast) -> None:
    rows = said.rows[said.rows["target"].notna()].set_index(["method", "dimension_value"])
    assert len(rows) == 12
    assert (rows.xs("all", level="dimension_value")["target_probability"] == 1).all()
    assert (rows.xs("o1", level="dimension_value")["target_probability"] == 0).all()
    newcomer = rows.xs("newcomer", level="dimension_value")
    assert (newcomer[["target_probability", "expected"]] == 0).all(axis=None)


def test_deals_have_chance_time_amount_and_reasons(small: World, said: Forecast) -> None:
    known = small.history.known_at(small.origin).spans
    open_deals = known.loc[known["valid_to"].isna(), "deal_key"].astype(str)
    deals = said.deals
    assert deals["deal_key"].tolist() == open_deals.tolist()
    within = deals[["win_probability_30d", "win_probability_60d", "win_probability_90d"]]
    ordered = within.assign(ever=deals["win_probability"]).to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()
    assert deals["win_probability"].between(0.01, 0.99).all()
    assert (deals["expected_close_p50"] > np.datetime64(small.origin)).all()
    assert deals["reasons"].str.len().gt(0).all()
    told = " ".join(deals["reasons"])
    assert "the chance" in told
    owners = set(small.history.spans["owner"].dropna())
    assert len(owners) > 1
    assert not [owner for owner in owners if f" {owner}:" in told]
    whole = said.rows.query("method == 'model' and period == 'pipeline' and dimension == 'all'")
    # Single deals and the total are drawn apart.
    assert deals["expected_amount_reporting"].sum() == pytest.approx(
        whole["expected_from_open"].item(), rel=0.1
    )


def test_nothing_known_is_no_forecast() -> None:
    nothing = history([], [])
    made = told(nothing, date(2024, 1, 31))
    assert made.deals.empty
    assert (made.rows[["expected", "p90"]] == 0).all(axis=None)
    assert backtest(nothing, [date(2024, 1, 31)], 1).deals.empty


@pytest.mark.parametrize("amount", [100.0, None])
def test_one_open_deal_is_taken_as_configured_alone(amount: float | None) -> None:
    one = history([{"amount": amount, "expected_close_date": "2024-02-10"}], [])
    rows = told(one, date(2024, 1, 31)).rows
    rows = rows[rows["dimension"] == "all"].set_index(["method", "period", "period_start"])
    rows = rows.sort_index()
    due = rows.loc[("configured", "month", pd.Timestamp("2024-02-01"))]
    assert due["expected_from_open"] == (50.0 if amount else 0.0)
    assert due["deals_without_amount"] == (0 if amount else 1)
    model, historical = rows.xs("model"), rows.xs("historical")
    assert model["statement"].str.startswith("Too little history").all()
    assert model["expected"].tolist() == historical["expected"].tolist()


def test_deals_that_never_close_are_not_won() -> None:
    many: list[dict[str, Any]] = [
        {"deal_key": f"d{n}", "created_on": day, "valid_from": day, "stage_entered_on": day,
         "known_on": day}
        for n in range(40)
        for day in [dates_of(np.array([day_number(date(2023, 1, 1)) + 7 * n]))[0]]
    ]  # fmt: skip
    made = told(history(many, []), date(2024, 1, 31)).rows
    rows = made[made["method"].isin(["historical", "model"])]
    assert (rows["expected"] == 0).all()
    # Where nothing was ever won, nobody knows what there is to win: no range, and it is said.
    assert rows[["p10", "p50", "p90", "target_probability"]].isna().all(axis=None)
    said = rows.loc[rows["method"] == "model", "statement"]
    assert said.str.contains("nothing won in 396 days.*no range can be told").all()
    record = backtest(history(many, []), [date(2024, 1, 31)], 1).forecasts
    assert record.loc[record["method"] == "model", "p90"].isna().all()
    assert (record.loc[record["method"] == "model", "expected"] == 0).all()


def test_overdue_and_undated_deals_of_the_configured_method() -> None:
    due = history(
        [
            {"deal_key": "late", "expected_close_date": "2023-12-01", "amount": 10.0},
            {"deal_key": "none", "amount": 1000.0},
            {"deal_key": "far", "expected_close_date": "2030-01-01", "amount": 100_000.0},
        ],
        [],
    )
    rows = told(due, date(2024, 1, 31)).rows
    rows = rows[(rows["dimension"] == "all") & (rows["method"] == "configured")]
    by_period = rows.set_index(["period", "period_start"])["expected"]
    assert by_period[("month", pd.Timestamp("2024-01-01"))] == 5.0
    assert by_period[("quarter", pd.Timestamp("2024-01-01"))] == 5.0
    assert by_period[("month", pd.Timestamp("2024-02-01"))] == 0.0
    assert by_period["pipeline"].item() == 50_505.0


def test_origins_are_month_ends_and_the_quarters_of_months() -> None:
    days = backtest_origins(date(2020, 1, 1), date(2023, 12, 31))
    assert days[0] > date(2022, 11, 29)
    assert date(2023, 11, 30) in days
    assert date(2023, 6, 15) in days
    assert max(days) < date(2023, 12, 31)
    assert len(days) == len(set(days)) >= 48
    assert backtest_origins(date(2023, 11, 20), date(2023, 12, 31))[0] > date(2023, 11, 19)
