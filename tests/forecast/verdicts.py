"""What the forecast must hold on worlds whose truth is known, each as a row that holds or not.

Scores stand in ``scoring``; here they are held against their bounds, the noise of so many worlds
counted in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from orchestration.forecast.backtest import EVER
from tests.forecast.scoring import BINS, brier, joint_calibration, pinball

COLUMNS = ["holds", "criterion", "world", "period", "value", "bound", "spare"]
CONFIDENCE = 0.99
POOLED_COVERAGE = (0.77, 0.83)
POOLED_GAIN = 0.2
LEAST_P = 0.01
MOST_GAP = 0.03
RIVALS = ("configured", "naive")
MEASURES = ("wape", "pinball")


def verdicts(rows: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """Return a row a criterion, world and period: those that fail first, the narrowest next.

    ``rows`` are forecasts of the company as a whole beside ``actual``; ``spare`` is how far the
    value is inside its bound, in units of the bound's width or of the noise.
    """
    scored = rows.assign(
        wape=(rows["expected"] - rows["actual"]).abs(), pinball=pinball(rows),
        inside=(rows["actual"] >= rows["p10"]) & (rows["actual"] <= rows["p90"]),
        # Where more than one in ten outcomes add nothing, p10 is what is won already, nothing can
        # lie below it, and nine in ten outcomes lie within a range that is right.
        due=np.where(rows["p10"] <= rows["won_to_date"] + 0.005, 0.9, 0.8),
    )  # fmt: skip
    model = scored[scored["method"] == "model"]
    said = [*_coverage(model), *_gains(scored), *_against_historical(scored)]
    for world, one in deals.groupby("world"):
        said += _of_deals(str(world), one)
    table = pd.DataFrame(said, columns=COLUMNS)
    return table.sort_values(["holds", "spare"], kind="stable").reset_index(drop=True)


def _coverage(model: pd.DataFrame) -> list[tuple[Any, ...]]:
    said: list[tuple[Any, ...]] = []
    for (world, period), part in model.groupby(["world", "period"]):
        count, share, due = len(part), float(part["inside"].mean()), float(part["due"].mean())
        low, high = stats.binom.interval(CONFIDENCE, count, due)
        spare = 1 - abs(share - due) * count / ((high - low) / 2)
        holds = low <= part["inside"].sum() <= high
        bound = f"{low / count:.3f}-{high / count:.3f}"
        said.append((holds, "coverage of the 80 % range", world, period, share, bound, spare))
    share = float((model["inside"] - model["due"]).mean()) + 0.8
    low, high = POOLED_COVERAGE
    spare = 1 - abs(share - 0.8) / 0.03
    bound = f"{low}-{high}"
    said.append(
        (low <= share <= high, "coverage of the 80 % range", "all", "all", share, bound, spare)
    )
    return said


def _gains(scored: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return how much better than the rivals the model is in each world, and pooled.

    Amounts without a variance make one company outweigh all others: what the heaviest says is
    said, and what is said without it. Where there is an oracle, who knows the world's law and
    everything of its deals, its gain stands beside the bound: what could be learned at most.
    """
    said: list[tuple[Any, ...]] = []
    for measure in MEASURES:
        heaviest = scored.groupby(["world", "seed"])[measure].sum().groupby("world").idxmax()
        is_heaviest = pd.MultiIndex.from_frame(scored[["world", "seed"]]).isin(heaviest)
        for rows, scope in ((scored, "all"), (scored[~is_heaviest], "but heaviest")):
            # Each world counts by what it is worth itself.
            sums = rows.groupby(["world", "period", "method"])[[measure, "actual"]].sum()
            loss = (sums[measure] / sums["actual"]).unstack("method")
            worlds = loss.groupby("world").mean()
            for rival in RIVALS:
                name = f"{measure} beside {rival}"
                for world, row in worlds.iterrows():
                    gain = float(1 - row["model"] / row[rival])
                    room = float(1 - row.get("oracle", 0.0) / row[rival])
                    bound = "> 0" if "oracle" not in row else f"> 0, oracle {room:.3f}"
                    said.append((gain > 0, name, world, scope, gain, bound, gain))
                mean = worlds.mean()
                gain = float(1 - mean["model"] / mean[rival])
                spare = gain - POOLED_GAIN
                said.append((spare >= 0, name, "all", scope, gain, f">= {POOLED_GAIN}", spare))
    return said


def _against_historical(scored: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return by how much the model is worse than the measured paths, beside the noise."""
    said: list[tuple[Any, ...]] = []
    paired = scored[scored["method"].isin(["model", "historical"])]
    for measure in MEASURES:
        wide = paired.pivot_table(
            index=["world", "period", "seed"], columns="method", values=measure
        )
        worse = wide["model"] - wide["historical"]
        usual = wide["historical"].groupby(["world", "period"]).mean()
        for (world, period), part in worse.groupby(["world", "period"]):
            base = float(usual[(world, period)])
            mean, noise = float(part.mean()) / base, float(part.sem()) / base
            spare = 2 - mean / max(noise, 1e-12)
            name = f"{measure} worse than historical"
            said.append((spare >= 0, name, world, period, mean, f"<= {2 * noise:.3f}", spare))
    return said


def _of_deals(world: str, deals: pd.DataFrame) -> list[tuple[Any, ...]]:
    scores = brier(deals)
    said: list[tuple[Any, ...]] = []
    for name, rival in (("the CRM's own", "crm"), ("the stage rate", "configured")):
        gain = float(1 - scores["model"] / scores[rival])
        said.append((gain > 0, f"Brier score beside {name}", world, "ever", gain, "> 0", gain))
    model = deals[(deals["method"] == "model") & (deals["horizon_days"] != EVER)]
    p = joint_calibration(model)
    spare = float(np.log10(max(p, 1e-300) / LEAST_P))
    bound = f"p >= {LEAST_P}"
    said.append((p >= LEAST_P, "calibration, joint test", world, "30-90d", p, bound, spare))
    gap = (model["won"] - model["win_probability"]).groupby(
        [model["horizon_days"], np.searchsorted(BINS, model["win_probability"])]
    )
    means, sizes = gap.mean().abs(), gap.size()
    off = float((means * sizes).sum() / sizes.sum())
    name, bound = "calibration, mean gap of bins", f"<= {MOST_GAP}"
    said.append((off <= MOST_GAP, name, world, "30-90d", off, bound, 1 - off / MOST_GAP))
    return said
