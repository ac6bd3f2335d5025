"""What must hold is said to hold where it does, and not where it doesn't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from orchestration.forecast.engine import Engine
from orchestration.forecast.past import past_of
from orchestration.forecast.stepping_back import stepped_back
from orchestration.forecast.windows import lead_windows
from tests.forecast.scoring import scored
from tests.forecast.verdicts import verdicts
from tests.forecast.worlds import world

WORLDS = 200
# Normal distribution: where its quantiles lie, in standard deviations.
PLACES = {"p10": -1.2816, "p25": -0.6745, "p50": 0.0, "p75": 0.6745, "p90": 1.2816}
SPREADS = {"model": 1.0, "historical": 1.0, "configured": 3.0, "naive": 3.0}


def told(
    width: float = 1.0, worse: float = 0.0, timid: float = 1.0,
    spreads: Mapping[str, float] = SPREADS,
) -> pd.DataFrame:  # fmt: skip
    """Judge made-up forecasts: ranges ``width`` times as wide as is right, means off by ``worse``
    of the noise more than the rival's, log odds of deals ``timid`` times too large."""
    rng = np.random.default_rng(11)
    actual = 100 + 10 * rng.standard_normal(WORLDS)
    frames = []
    for method, spread in spreads.items():
        off = (
            10 * (spread - 1 + (worse if method == "model" else 0.0)) * rng.standard_normal(WORLDS)
        )
        quantiles = {name: 100 + off + 10 * width * place for name, place in PLACES.items()}
        frames.append(
            pd.DataFrame(
                {
                    "world": "made", "period": "30d", "seed": np.arange(WORLDS), "method": method,
                    "won_to_date": 0.0, "expected": 100 + off, "actual": actual, **quantiles,
                }
            )
        )  # fmt: skip
    chance = rng.uniform(0.05, 0.95, (WORLDS, 30))
    odds = np.log(chance / (1 - chance))
    deals = pd.DataFrame(
        {
            "world": "made", "seed": np.repeat(np.arange(WORLDS), 30), "method": "model",
            "win_probability": (1 / (1 + np.exp(-timid * odds))).reshape(-1),
            "won": (rng.random(chance.shape) < chance).reshape(-1), "is_decided": True,
            "crm": 0.5, "configured": 0.5,
        }
    )  # fmt: skip
    horizons = [deals.assign(horizon_days=days) for days in (0, 30)]
    return verdicts(pd.concat(frames), pd.concat(horizons, ignore_index=True))


def failed(table: pd.DataFrame) -> set[str]:
    return {" ".join(name.split()[:2]) for name in table.loc[~table["holds"], "criterion"]}


def test_what_is_right_holds() -> None:
    assert failed(told()) == set()


@pytest.mark.parametrize(
    ("fault", "criterion"),
    [
        ({"width": 0.6}, "coverage of"),
        ({"width": 1.6}, "coverage of"),
        ({"worse": 1.5}, "wape worse"),
        ({"timid": 0.5}, "calibration, joint"),
    ],
)
def test_what_is_wrong_does_not_and_stands_first(fault: dict[str, float], criterion: str) -> None:
    table = told(**fault)
    assert criterion in failed(table)
    assert not table["holds"].iloc[0]
    assert table["holds"].is_monotonic_increasing


@pytest.mark.parametrize("oracle", [1.0, 1.8])
def test_an_oracle_is_shown_and_excuses_nothing(oracle: float) -> None:
    # The configured rates are lucky: the model is worse.
    table = told(worse=0.8, spreads=SPREADS | {"configured": 1.3, "oracle": oracle})
    rows = table[(table["criterion"] == "wape beside configured") & (table["world"] == "made")]
    assert (rows["value"] < 0).all()
    assert not rows["holds"].any()
    assert rows["bound"].str.contains("oracle").all()


def test_the_oracle_speaks_of_the_same_windows_as_the_model() -> None:
    rows, _ = scored("heavy_tailed", 3)
    whole = rows[rows["dimension"] == "all"].set_index(["method", "period"])
    own, model = whole.xs("oracle"), whole.xs("model")
    assert own.index.tolist() == model.index.tolist()
    assert (own["p10"] <= own["p50"]).all()
    assert (own["p50"] <= own["p90"]).all()
    # Of a running quarter both know what is won, and of what is to come they say much the same.
    assert (own["expected"] >= own["won_to_date"]).all()
    assert 0.6 < (own["expected"] / model["expected"]).mean() < 1.6
    assert (own["p10"] < own["actual"]).any()
    assert not own["expected"].equals(model["expected"])


def test_the_model_steps_back_where_paths_are_sound() -> None:
    weights = {}
    for name in ("stable", "seasonal", "drifting"):
        drawn = world(name, 1001)
        engine = Engine(past_of(drawn.history, drawn.origin), lead_windows(drawn.origin), 0)
        weights[name] = engine.weight_of_paths
    assert weights == {"stable": pytest.approx(0.8, abs=0.1), "seasonal": 0.0, "drifting": 0.0}


def test_stepping_back_moves_the_total_towards_the_paths_and_draws_closer() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.uniform(0.1, 0.3, (40, 1, 50)).astype(np.float32)
    values = rng.uniform(1, 5, 50)
    measured = np.full((1, 50), 0.3)
    moved = stepped_back(drawn, np.array([60]), measured, values, 0.5, 400)
    totals = drawn[:, 0] @ values, moved[:, 0] @ values
    assert totals[1].mean() == pytest.approx((totals[0].mean() + 0.3 * values.sum()) / 2, rel=1e-3)
    assert totals[1].std() / totals[1].mean() < 0.9 * totals[0].std() / totals[0].mean()
