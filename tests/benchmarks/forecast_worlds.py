"""``make bench-forecast``: the forecast on worlds whose truth is known, many times over.

Prints the scorecard of each world, calibration and Brier scores. ``--seeds`` independent worlds of
each kind; their forecasts are kept in ``--keep`` (parquet) for a closer look.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

from orchestration.forecast.backtest import EVER
from tests.forecast.scoring import brier, calibration, scoreboard, scored
from tests.forecast.worlds import WORLDS


def main() -> None:
    """Run the worlds and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    forecasts, deals = [], []
    for name in arguments.worlds or list(WORLDS):
        begun = time.perf_counter()
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            rows, chances = scored(name, seed)
            forecasts.append(rows)
            deals.append(chances)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)
    rows, chances = pd.concat(forecasts), pd.concat(deals, ignore_index=True)
    if arguments.keep:
        rows.to_parquet(arguments.keep / "rows.parquet")
        chances.to_parquet(arguments.keep / "deals.parquet")
    show(rows, chances)


def show(rows: pd.DataFrame, chances: pd.DataFrame) -> None:
    """Print the scorecards: the company as a whole, then all values of all dimensions."""
    with pd.option_context("display.width", 200, "display.max_rows", 500):
        whole = rows[rows["dimension"] == "all"]
        board = scoreboard(whole).round(3)
        for measure in ("wape", "pinball", "coverage", "bias"):
            print(f"\n{measure} of the company as a whole")
            print(board[measure].unstack("method"))
        print("\nmodel, misses on either side")
        print(board.xs("model", level="method")[["n", "below", "above"]])
        print("\nover all worlds")
        print(scoreboard(whole.assign(world="all")).round(3))
        parts = scoreboard(rows[rows["dimension"] != "all"].assign(period="any"))
        print("\nvalues of all dimensions")
        print(parts.round(3))
        for name, one in chances.groupby("world"):
            model = one[one["method"] == "model"]
            final = model[(model["horizon_days"] == EVER) & model["is_decided"]]
            tests = {
                days: calibration(model[model["horizon_days"] == days]) for days in (30, 60, 90)
            }
            said = {days: round(value, 3) for days, value in tests.items()}
            print(f"\n{name}: calibration p {said}, Brier of {len(final)} deals", end=" ")
            print(brier(one).round(4).to_dict())


if __name__ == "__main__":
    main()
