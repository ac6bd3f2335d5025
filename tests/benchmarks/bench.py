"""``make bench``: what nights on a large made-up company cost, beside what copying it costs.

Generates a company, runs its first night, then a night in which one deal in a hundred changed, and
the same on a company of ten deals, whose cost is the fixed start-up. Times on other machines say
little; the ratios to a plain copy and a plain scan, taken in the same run, say more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import Landing
from orchestration.sample.company import generate_company
from tests.benchmarks.next_day import write_next_day

FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2017, 12, 31)
SHARE = 0.01
SHOWN = 15
BACKTEST = "int_backtest"
FACTS = ("fct_deals", "fct_stage_transitions", "fct_pipeline_daily")


@dataclass(frozen=True)
class Nights:
    """What the first and the next night of one company cost."""

    home: Home
    first: dict[str, Any]
    second: dict[str, Any]


def run_nights(folder: Path, deals: int, console: Console) -> Nights:
    """Generate a company of so many deals and run its two nights."""
    shutil.rmtree(folder, ignore_errors=True)
    exports = folder / "exports"
    console.print(f"generating {deals:,} deals")
    generate_company(exports, deals=deals, first_day=FIRST_DAY, last_day=LAST_DAY, fmt="parquet")
    console.print("  the first night")
    first = _night(folder, LAST_DAY)
    changed = write_next_day(exports, LAST_DAY + timedelta(days=1), SHARE)
    console.print(f"  a day more, {changed:,} deals changed")
    second = _night(folder, LAST_DAY + timedelta(days=1))
    return Nights(Home(folder / "home"), first, second)


def _night(folder: Path, as_of: date) -> dict[str, Any]:
    settings = folder / "funnel.toml"
    settings.write_text(
        'business_timezone = "Europe/Amsterdam"\nreporting_currency = "EUR"\n'
        f'as_of = "{as_of}"\nfirst_day = "{FIRST_DAY}"\n'
        '[[sources]]\nname = "big"\ntype = "files"\npath = "exports"\n'
        'timezone = "Europe/Amsterdam"\n',
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.one_night"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "FUNNEL_CONFIG": str(settings), "FUNNEL_HOME": str(folder / "home")},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not told["success"]:
        raise SystemExit(f"the night failed: {told['message']}")
    return told


def limits(home: Home) -> tuple[float, float, dict[str, int]]:
    """Return the seconds of a plain copy of the daily fact and of a scan of the landing, and rows.

    The copy is made inside one database file, as wide as the fact; the better of two counts.
    """
    file = home.root / "copy.duckdb"
    seconds = []
    for _ in range(2):
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file), config={"preserve_insertion_order": False}) as engine:
            engine.execute(f"attach '{home.warehouse}' as warehouse (read_only)")
            started = time.perf_counter()
            engine.execute("create table daily as from warehouse.marts.fct_pipeline_daily")
            engine.execute("checkpoint")
            seconds.append(time.perf_counter() - started)
            rows = {
                table: engine.execute(f"select count(*) from warehouse.marts.{table}").fetchall()[
                    0
                ][0]
                for table in ("fct_deals", "fct_stage_transitions", "fct_pipeline_daily")
            }
    file.unlink()
    landing = Landing(home.landing)
    files = [str(home.landing / f.path) for load in landing.manifests() for f in load.files]
    started = time.perf_counter()
    duckdb.sql(f"select max(hash(payload)) from read_parquet({files})").fetchall()
    return min(seconds), time.perf_counter() - started, rows


def marts_alone(nights: Nights) -> float:
    """Return the seconds of the first night's marts and of all that only they rest on.

    The sum over tables, of which two are built at a time; the forecast is left out.
    """
    manifest = json.loads((nights.home.dbt / "target" / "manifest.json").read_text("utf-8"))
    rests_on = {
        node["name"]: [parent.split(".")[-1] for parent in node["depends_on"]["nodes"]]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    waiting = [name for name in rests_on if name.startswith(("fct_", "dim_"))]
    of_facts: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in of_facts:
            of_facts.add(name)
            waiting += rests_on.get(name, [])
    models = nights.first["models"]
    marts = rests_on.keys() - of_facts - {BACKTEST}
    beyond = sum(seconds for name, seconds in models.items() if name in marts)
    return float(beyond + nights.first["steps"].get("marts__mart_funnel_conversion", 0.0))


def _count(engine: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = engine.execute(f"select count(*) from warehouse.marts.{table}").fetchall()
    return int(rows)


def report(deals: int, large: Nights, small: Nights, console: Console) -> None:
    """Print one table of costs and one of the slowest models."""
    copy, scan, rows = limits(large.home)
    published = large.home.published.resolve()
    parquet = published / "parquet" / "fct_pipeline_daily"
    daily_bytes = sum(f.stat().st_size for f in parquet.rglob("*.parquet"))
    for name, count in rows.items():
        console.print(f"{name}: {count:,} rows")
    table = Table(title=f"{deals:,} deals, {os.cpu_count()} cores", title_justify="left")
    for heading in ("work", "wall s", "CPU s", "peak MB", "x copy", "x scan"):
        table.add_column(heading, justify="left" if heading == "work" else "right")
    table.add_row("plain copy of fct_pipeline_daily", f"{copy:.2f}", "", "", "1", "")
    table.add_row("plain scan of the landing", f"{scan:.2f}", "", "", "", "1")
    for name, night, start in (
        ("first night", large.first, small.first),
        ("a day more, 1 % changed", large.second, small.second),
    ):
        less = night["wall"] - start["wall"]
        cpu, peak = f"{night['cpu']:.1f}", f"{night['peak_bytes'] / 1e6:,.0f}"
        table.add_row(name, f"{night['wall']:.1f}", cpu, peak, "", "")
        table.add_row(
            "  less fixed start-up",
            f"{less:.1f}",
            f"{night['cpu'] - start['cpu']:.1f}",
            "",
            f"{less / copy:.1f}",
            f"{less / scan:.1f}",
        )
    daily = large.first["models"].get("fct_pipeline_daily", 0.0)
    table.add_row("fct_pipeline_daily, whole", f"{daily:.2f}", "", "", f"{daily / copy:.2f}", "")
    marts = marts_alone(large)
    table.add_row("marts beyond the facts", f"{marts:.2f}", "", "", f"{marts / copy:.2f}", "")
    # A night pays for the days that are new to the record, and for its own forecast.
    for name, night in (("first", large.first), ("next", large.second)):
        again, own = night["models"].get(BACKTEST, 0.0), night["steps"].get("forecast", 0.0)
        table.add_row(f"forecast, {name} night: of past days", f"{again:.2f}", "", "", "", "")
        table.add_row(f"forecast, {name} night: its own", f"{own:.2f}", "", "", "", "")
    console.print(table)
    rate = (large.second["wall"] - small.second["wall"]) / (
        large.first["wall"] - small.first["wall"]
    )
    console.print(f"the next night is {rate:.0%} of the first, both less fixed start-up")
    per_row = daily_bytes / max(rows["fct_pipeline_daily"], 1)
    console.print(f"fct_pipeline_daily as published: {per_row:.1f} bytes a row as Parquet")
    console.print(f"published in all: {_size(published) / 1e6:,.0f} MB")
    _slowest(large, copy, console)


def _slowest(nights: Nights, copy: float, console: Console) -> None:
    table = Table(title="Where the time goes", title_justify="left")
    for heading in ("step or table", "first s", "x copy", "next s"):
        table.add_column(heading, justify="left" if heading.startswith("step") else "right")
    for kind in ("steps", "models"):
        first, second = nights.first[kind], nights.second[kind]
        for name in sorted(first, key=lambda key: -first[key])[:SHOWN]:
            table.add_row(
                name,
                f"{first[name]:.2f}",
                f"{first[name] / copy:.2f}",
                f"{second.get(name, 0):.2f}",
            )
        table.add_section()
    console.print(table)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    """Measure the sizes named on the command line, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deals", type=int, nargs="*", default=[100_000])
    parser.add_argument("--folder", type=Path, default=PROJECT_ROOT / ".funnel" / "bench")
    parser.add_argument("--keep", action="store_true", help="leave the home folders behind")
    chosen = parser.parse_args()
    console = Console(width=110)
    small = run_nights(chosen.folder / "small", 10, console)
    for deals in chosen.deals:
        large = run_nights(chosen.folder / str(deals), deals, console)
        report(deals, large, small, console)
        if not chosen.keep:
            shutil.rmtree(chosen.folder / str(deals))
    if not chosen.keep:
        shutil.rmtree(chosen.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
