"""One real night in a process of its own, and what it cost, as one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

import dagster as dg

from orchestration.automation.instance import open_instance
from orchestration.automation.runner import run_night
from orchestration.home import Home
from orchestration.settings import load_settings


def main() -> int:
    """Run the night of the environment's settings and home folder."""
    started = time.perf_counter()
    outcome = run_night(load_settings(), wait_seconds=0, quiet=True)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with open_instance(Home.from_environment()) as instance:
        models = _model_seconds(instance, outcome.run_id)
    told = {
        "success": outcome.success,
        "message": outcome.message,
        "wall": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
        "steps": outcome.seconds,
        "models": models,
    }
    print(json.dumps(told))
    return 0 if outcome.success else 1


def _model_seconds(instance: dg.DagsterInstance, run_id: str) -> dict[str, float]:
    """Return the seconds of each table that the night built, as its metadata says."""
    found: dict[str, float] = {}
    for record in instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records:
        materialization = record.asset_materialization
        if materialization is None:
            continue
        seconds = materialization.metadata.get("seconds")
        if seconds is not None:
            found[materialization.asset_key.path[-1]] = float(seconds.value)  # type: ignore[arg-type]
    return found


if __name__ == "__main__":
    sys.exit(main())
