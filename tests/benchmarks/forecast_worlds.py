"""``make bench-forecast``: the forecast on worlds whose truth is known, many times over.

Prints the scorecard of each world, calibration and Brier scores, and what of all that must hold
does. ``--seeds`` independent worlds of
each kind; their forecasts are kept in ``--keep`` (parquet) for a closer look.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from orchestration.forecast.backtest import EVER
from tests.forecast.scoring import BINS, brier, joint_calibration, scoreboard, scored
from tests.forecast.verdicts import verdicts
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
        arguments.keep.mkdir(parents=True, exist_ok=True)
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
            model = one[(one["method"] == "model") & (one["horizon_days"] != EVER)]
            by_horizon = model.groupby("horizon_days")
            tests = {days: round(joint_calibration(part), 3) for days, part in by_horizon}
            print(f"\n{name}: calibration p by horizon {tests}, Brier", end=" ")
            print(brier(one).round(4).to_dict())
            bins = np.searchsorted(BINS, model["win_probability"])
            print(
                model.groupby(["horizon_days", bins])
                .agg(deals=("won", "size"), said=("win_probability", "mean"), was=("won", "mean"))
                .round(3)
                .unstack()
            )
        table = verdicts(whole, chances)
        print(f"\nwhat must hold: {int(table['holds'].sum())} of {len(table)}, bad ones first")
        print(table.round(4).to_string(index=False))


if __name__ == "__main__":
    main()
