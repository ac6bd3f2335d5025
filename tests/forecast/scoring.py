"""How good forecasts of worlds are, beside what really came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from orchestration.forecast.backtest import EVER, EVER_DAYS, QUANTILE_COLUMNS, backtest
from orchestration.forecast.history import days_of
from orchestration.forecast.past import DIMENSIONS
from orchestration.forecast.totals import QUANTILES
from tests.forecast.oracle import foreseen
from tests.forecast.worlds import FUTURE_DAYS, WORLDS, World, world

BINS = np.array([0.08, 0.2, 0.4, 0.7])


def scored(name: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecast one world from its origin; return its forecasts and deals beside the truth."""
    drawn = world(name, seed)
    made = backtest(drawn.history, [drawn.origin], 1)
    rows = made.forecasts.assign(world=name, seed=seed)
    rows["actual"] = _actual(drawn, rows)
    law = WORLDS[name]
    if law.tail:
        # Of amounts without a variance one decides who was right: the oracle says what it was worth
        # to know everything.
        model = rows[(rows["method"] == "model") & (rows["dimension"] == "all")]
        rows = pd.concat([rows, foreseen(law, drawn, model)], ignore_index=True)
    return rows, _deals(drawn, made.deals).assign(world=name, seed=seed)


def _actual(drawn: World, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    closings = drawn.history.closings
    won = closings[closings["outcome"] == "won"]
    closed = days_of(won["closed_on"])
    amount = won["amount"].to_numpy()
    texts = {name: won[name].astype(str).to_numpy() for name in DIMENSIONS}
    actual = np.zeros(len(rows))
    keys = ["period_start", "period_end", "dimension", "dimension_value"]
    groups = rows.groupby(keys).indices
    for (start, end, dimension, value), at in groups.items():
        inside = (closed >= pd.Timestamp(start).value // 86_400_000_000_000) & (
            closed <= pd.Timestamp(end).value // 86_400_000_000_000
        )
        if dimension != "all":
            inside &= texts[dimension] == value
        actual[at] = amount[inside].sum()
    return actual


def _deals(drawn: World, deals: pd.DataFrame) -> pd.DataFrame:
    """Add won (within the horizon) and, for what is won at all, the rivals' chances."""
    closings = drawn.history.closings.set_index("deal_key")
    closings.index = closings.index.astype(str)
    found = closings.reindex(deals["deal_key"])
    days = (found["closed_on"].to_numpy() - deals["as_of"].to_numpy()).astype(
        "timedelta64[D]"
    ).astype(float)  # fmt: skip
    is_won = found["outcome"].astype(str).to_numpy() == "won"
    decided = days <= FUTURE_DAYS
    horizon = deals["horizon_days"].replace(EVER, EVER_DAYS).to_numpy()
    known = drawn.history.known_at(drawn.origin).spans
    now = known[known["valid_to"].isna()].set_index(
        known["deal_key"][known["valid_to"].isna()].astype(str)
    )
    now = now.reindex(deals["deal_key"])
    return deals.assign(
        won=is_won & (days <= horizon), is_decided=decided | (horizon < EVER_DAYS),
        crm=now["crm_probability"].to_numpy(), configured=now["win_rate"].to_numpy(),
    )  # fmt: skip


def pinball(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the mean pinball loss over the quantiles, a value a row."""
    losses = []
    for level, column in zip(QUANTILES, QUANTILE_COLUMNS, strict=True):
        error = rows["actual"] - rows[column]
        losses.append(np.maximum(level * error, (level - 1) * error))
    mean: pd.Series[float] = sum(losses[1:], losses[0]) / len(losses)
    return mean


def scoreboard(rows: pd.DataFrame) -> pd.DataFrame:
    """Return scores by world, period and method."""
    rows = rows.assign(
        absolute=(rows["expected"] - rows["actual"]).abs(),
        error=rows["expected"] - rows["actual"],
        pinball=pinball(rows),
        inside=(rows["actual"] >= rows["p10"]) & (rows["actual"] <= rows["p90"]),
        below=rows["actual"] < rows["p10"],
        above=rows["actual"] > rows["p90"],
    )
    sums = rows.groupby(["world", "period", "method"]).agg(
        n=("inside", "size"), actual=("actual", "sum"), absolute=("absolute", "sum"),
        error=("error", "sum"), pinball=("pinball", "sum"), coverage=("inside", "mean"),
        below=("below", "mean"), above=("above", "mean"),
    )  # fmt: skip
    return pd.DataFrame(
        {
            "n": sums["n"], "wape": sums["absolute"] / sums["actual"],
            "bias": sums["error"] / sums["actual"], "pinball": sums["pinball"] / sums["actual"],
            "coverage": sums["coverage"], "below": sums["below"], "above": sums["above"],
        }
    )  # fmt: skip


def joint_calibration(deals: pd.DataFrame) -> float:
    """Return the p-value of one joint test: is won minus chance zero on average in every bin?

    Bins of every horizon at once. Hotelling's test over worlds as the independent units, so that
    what a world's deals have in common does not count as evidence many times.
    """
    at = np.searchsorted(BINS, deals["win_probability"])
    residual = deals["won"].astype(float) - deals["win_probability"]
    keys = [deals["seed"].to_numpy(), deals["horizon_days"].to_numpy(), at]
    sums = residual.groupby(keys).sum().unstack([1, 2], fill_value=0.0).to_numpy()
    # A bin that hardly any world has tells nothing, and spoils the covariance.
    sums = sums[:, (sums != 0).mean(axis=0) > 0.2]
    units, width = sums.shape
    if units < width + 2:
        return float("nan")
    mean = sums.mean(axis=0)
    square = units * mean @ np.linalg.solve(np.cov(sums.T).reshape(width, width), mean)
    statistic = square * (units - width) / (width * (units - 1))
    return float(stats.f.sf(statistic, width, units - width))


def brier(deals: pd.DataFrame) -> pd.Series[float]:
    """Return Brier scores of winning at all, of deals that were decided, by who says it."""
    final = deals[(deals["horizon_days"] == EVER) & deals["is_decided"]]
    won = final["won"].astype(float)
    scores = {
        str(method): float(np.square(part["win_probability"] - won[part.index]).mean())
        for method, part in final.groupby("method")
    }
    one = final[final["method"] == "model"]
    for name in ("crm", "configured"):
        scores[name] = float(np.square(one[name] - won[one.index]).mean())
    return pd.Series(scores)
