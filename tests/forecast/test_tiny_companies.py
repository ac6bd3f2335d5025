"""Companies of a few deals, of any shape: the forecast always says something, and never stops."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.forecast.backtest import backtest
from orchestration.forecast.methods import METHODS, forecast
from orchestration.marts.periods import forecast_periods
from tests.forecast.test_forecast import NO_TARGETS
from tests.forecast.test_history import history

AS_OF = date(2024, 1, 31)

# A deal: days from its creation to as_of, days it stays open, how it ends, what it is worth.
DEALS = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.integers(1, 400),
        st.sampled_from(["won", "won", "lost", "removed", "open"]),
        st.sampled_from([None, 0.0, -5.0, 100.0, 1e9]),
    ),
    max_size=25,
)
# All has ended: there is much to learn and nothing to forecast but deals to come.
ENDED = [(900 - 35 * n, 40, ("won", "lost")[n % 2], 100.0) for n in range(24)]


@settings(max_examples=25, deadline=None)
@given(deals=DEALS)
@example(deals=ENDED)
@example(deals=[(900, 1, "won", None)])
def test_any_few_deals_have_a_forecast(deals: list[tuple[int, int, str, float | None]]) -> None:
    spans: list[dict[str, Any]] = []
    closings: list[dict[str, Any]] = []
    for number, (ago, stays, outcome, amount) in enumerate(deals):
        begun = AS_OF - timedelta(days=ago)
        ended = begun + timedelta(days=stays)
        is_open = outcome == "open" or ended > AS_OF
        days = dict.fromkeys(("created_on", "valid_from", "stage_entered_on", "known_on"), begun)
        told = {"deal_key": f"d{number:02}", "amount": amount}
        spans.append({**told, **days, "valid_to": None if is_open else ended})
        if not is_open:
            closings.append({**told, "closed_on": ended, "outcome": outcome, "known_on": ended})
    known = history(spans, closings)
    made = forecast(known, AS_OF, forecast_periods(AS_OF, 1), NO_TARGETS)
    assert set(made.rows["method"]) <= set(METHODS)
    assert np.isfinite(made.rows["expected"].to_numpy(dtype=float)).all()
    figures = made.rows[["p10", "p25", "p50", "p75", "p90"]].to_numpy(dtype=float)
    # Where there are deals and none was ever won, no range is told.
    unlearned = bool(deals) and not any(closing["outcome"] == "won" for closing in closings)
    untold = made.rows["method"].isin(["historical", "model"]).to_numpy() & unlearned
    assert np.isnan(figures[untold]).all()
    assert np.isfinite(figures[~untold]).all()
    assert (np.diff(figures[~untold], axis=1) >= 0).all()
    assert made.deals["win_probability"].between(0, 1).all()
    assert len(made.deals) == sum(span["valid_to"] is None for span in spans)
    assert np.isfinite(backtest(known, [AS_OF], 1).forecasts["expected"]).all()
