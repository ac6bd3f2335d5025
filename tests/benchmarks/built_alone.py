"""The daily fact, then all marts beyond the facts (but the forecast's), built whole: their costs.

Of the marts first those of conversion, velocity, waterfall, targets, alerts and calibration, then
what only sums or checks the facts themselves. Nothing else is built meanwhile. Works on a copy of a
night's working file, in a process of its own; one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.mart_shapes import FUNNEL_CONVERSION
from orchestration.marts.conversion import conversion_rates
from orchestration.marts.inputs import conversion_horizon, funnel_counts
from orchestration.warehouse.build import run_build
from orchestration.warehouse.memory import LOADS
from orchestration.warehouse.parsed_project import manifest_dictionary, parsed_project

DAILY = "fct_pipeline_daily"
# The forecast, its record, and what only they read.
FORECAST = ("int_backtest", "int_forecast_", "mart_forecast_", "int_known_days")
# What only sums or checks the facts.
OF_FACTS = ("mart_pipeline_summary", "mart_quarantine", "int_history_disagreements")


def marts_beyond_facts(manifest: Mapping[str, Any]) -> list[str]:
    """Return the models on which no fact rests, the forecast's left out."""
    nodes = manifest["nodes"].values()
    rests_on = {
        node["name"]: [parent.split(".")[-1] for parent in node["depends_on"]["nodes"]]
        for node in nodes
        if node["resource_type"] == "model"
    }
    waiting = [name for name in rests_on if name.startswith(("fct_", "dim_"))]
    of_facts: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in of_facts:
            of_facts.add(name)
            waiting += rests_on.get(name, [])
    return sorted(name for name in rests_on.keys() - of_facts if not name.startswith(FORECAST))


def main() -> int:
    """Build them on a copy of the working file of the environment's home folder."""
    home = Home.from_environment()
    copy = home.root / "built_alone" / home.warehouse.name
    copy.parent.mkdir(exist_ok=True)
    shutil.copyfile(home.warehouse, copy)
    marts = [name for name in marts_beyond_facts(manifest_dictionary(home)) if name not in OF_FACTS]
    parsed_project(home)
    with connect(copy) as connection:
        _drop(connection, [DAILY, LOADS])
    daily = _Cost()
    nodes = [*run_build(home, "run", select=[DAILY], warehouse=copy).nodes]
    told: dict[str, Any] = {**daily.told("_of_daily")}
    with connect(copy) as connection:
        _drop(connection, marts)
    of_marts = _Cost()
    nodes += run_build(home, "run", select=marts, warehouse=copy).nodes
    with connect(copy) as connection:
        rates = conversion_rates(funnel_counts(connection), conversion_horizon(connection))
        connection.register("rates", rates)
        FUNNEL_CONVERSION.write(connection, "select * from rates")
    told |= of_marts.told("")
    with connect(copy) as connection:
        _drop(connection, OF_FACTS)
    of_facts = _Cost()
    nodes += run_build(home, "run", select=list(OF_FACTS), warehouse=copy).nodes
    told |= of_facts.told("_of_facts")
    told |= {
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "failed": [node.name for node in nodes if node.status not in ("success", "pass")],
        "models": {node.name: node.seconds for node in nodes},
    }
    shutil.rmtree(copy.parent)
    print(json.dumps(told))
    return int(bool(told["failed"]))


def _drop(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Drop tables and views: what there is nothing to extend of is made from nothing."""
    found = connection.execute(
        """
        select 'table', schema_name, table_name from duckdb_tables()
        where list_contains($1, table_name)
        union all
        select 'view', schema_name, view_name from duckdb_views() where list_contains($1, view_name)
        """,
        [list(names)],
    ).fetchall()
    for kind, schema, name in found:
        connection.execute(f'drop {kind} "{schema}"."{name}"')


class _Cost:
    """Wall and CPU seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), sum(os.times()[:2])

    def told(self, of_what: str) -> dict[str, float]:
        started, cpu = self._started
        return {
            f"wall{of_what}": time.perf_counter() - started,
            f"cpu{of_what}": sum(os.times()[:2]) - cpu,
        }


if __name__ == "__main__":
    sys.exit(main())
