"""``make bench``: what nights on a large made-up company cost, beside what copying it costs.

Generates a company, runs its first night, then a night in which one deal in a hundred changed, then
builds its daily fact and its marts alone, and the same on a company of ten deals, whose cost is the
fixed start-up. Times on other machines say little; the ratios to a plain copy and a plain scan,
taken in the same run, say more.
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
MARTS = "marts beyond the facts"
FACTS = ("fct_deals", "fct_stage_transitions", "fct_pipeline_daily")


@dataclass(frozen=True)
class Nights:
    """What the first and the next night of one company cost."""

    home: Home
    first: dict[str, Any]
    second: dict[str, Any]
    alone: dict[str, Any]


def run_nights(folder: Path, deals: int, past_days: int, console: Console) -> Nights:
    """Generate a company of so many deals, run its two nights, and parts of its build alone."""
    shutil.rmtree(folder, ignore_errors=True)
    exports = folder / "exports"
    console.print(f"generating {deals:,} deals")
    generate_company(exports, deals=deals, first_day=FIRST_DAY, last_day=LAST_DAY, fmt="parquet")
    console.print("  the first night")
    first = _night(folder, LAST_DAY, past_days)
    changed = write_next_day(exports, LAST_DAY + timedelta(days=1), SHARE)
    console.print(f"  a day more, {changed:,} deals changed")
    second = _night(folder, LAST_DAY + timedelta(days=1), past_days)
    console.print("  its daily fact and marts alone")
    return Nights(Home(folder / "home"), first, second, _measured("built_alone", folder))


def _night(folder: Path, as_of: date, past_days: int) -> dict[str, Any]:
    settings = folder / "funnel.toml"
    settings.write_text(
        'business_timezone = "Europe/Amsterdam"\nreporting_currency = "EUR"\n'
        f'as_of = "{as_of}"\nfirst_day = "{FIRST_DAY}"\n'
        '[[sources]]\nname = "big"\ntype = "files"\npath = "exports"\n'
        f'timezone = "Europe/Amsterdam"\n[forecast]\npast_days = {past_days}\n',
        "utf-8",
    )
    return _measured("one_night", folder)


def _measured(what: str, folder: Path) -> dict[str, Any]:
    """Run a module of this folder in a process of its own and return what it tells at its end."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{what}"],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "FUNNEL_CONFIG": str(folder / "funnel.toml"),
            "FUNNEL_HOME": str(folder / "home"),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    told: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    if done.returncode:
        raise SystemExit(f"{what} failed: {told.get('message', told.get('failed', 'see above'))}")
    return told


@dataclass(frozen=True)
class Limits:
    """What the ratios are taken to: a plain copy of the daily fact, a plain scan of the landing.

    Wall and CPU seconds. The copy is made inside one database file; the better of two counts.
    """

    copy: float
    copy_cpu: float
    scan: float
    scan_cpu: float


def limits(home: Home) -> Limits:
    """Measure the limits on the home of a finished night."""
    file = home.root / "copy.duckdb"
    copies = []
    for _ in range(2):
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file)) as engine:
            engine.execute("set memory_limit = '2GB'")
            engine.execute(f"attach '{home.warehouse}' as warehouse (read_only)")
            started, cpu = time.perf_counter(), time.process_time()
            engine.execute("create table daily as from warehouse.marts.fct_pipeline_daily")
            engine.execute("checkpoint")
            copies.append((time.perf_counter() - started, time.process_time() - cpu))
    file.unlink()
    files = [
        str(home.landing / f.path) for load in Landing(home.landing).manifests() for f in load.files
    ]
    started, cpu = time.perf_counter(), time.process_time()
    duckdb.sql(f"select max(hash(payload)) from read_parquet({files})").fetchall()
    scan = time.perf_counter() - started, time.process_time() - cpu
    return Limits(min(wall for wall, _ in copies), min(cpu for _, cpu in copies), *scan)


def daily_in_file(home: Home, rows: int) -> float:
    """Return the bytes of a row of the daily fact in a DuckDB file of its own, as published."""
    file = home.root / "daily.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect() as engine:
        engine.execute(f"attach '{home.published}/funnel.duckdb' as published (read_only)")
        engine.execute(f"attach '{file}' as alone (storage_version 'v1.0.0')")
        engine.execute("create table alone.daily as from published.marts.fct_pipeline_daily")
        engine.execute("checkpoint alone")
    size = file.stat().st_size
    file.unlink()
    return size / max(rows, 1)


def counted(home: Home) -> dict[str, int]:
    """Return the rows of the facts. Stops if the daily fact is not in its order."""
    with duckdb.connect(str(home.published / "funnel.duckdb"), read_only=True) as engine:
        engine.execute("set memory_limit = '2GB'")
        ((astray,),) = engine.execute(
            """
            select count(*) from (
                select (date_trunc('month', snapshot_date), deal_key, snapshot_date) as place
                from marts.fct_pipeline_daily
                qualify place < lag(place) over (order by rowid)
            )
            """
        ).fetchall()
        if astray:
            raise SystemExit(f"fct_pipeline_daily is out of order at {astray} rows")
        return {
            table: engine.execute(f"select count(*) from marts.{table}").fetchall()[0][0]
            for table in FACTS
        }


def report(deals: int, large: Nights, small: Nights, console: Console) -> None:
    """Print one table of costs and one of the slowest models."""
    limit, rows = limits(large.home), counted(large.home)
    published = large.home.published.resolve()
    for name, count in rows.items():
        console.print(f"{name}: {count:,} rows")
    table = Table(title=f"{deals:,} deals, {os.cpu_count()} cores", title_justify="left")
    for heading in ("work", "wall s", "CPU s", "peak MB", "wall x copy", "CPU x copy", "x scan"):
        table.add_column(heading, justify="left" if heading == "work" else "right")

    def add(name: str, wall: float, cpu: float | None = None, peak: float | None = None) -> None:
        table.add_row(
            name,
            f"{wall:.2f}",
            "" if cpu is None else f"{cpu:.1f}",
            "" if peak is None else f"{peak / 1e6:,.0f}",
            f"{wall / limit.copy:.2f}",
            "" if cpu is None else f"{cpu / limit.copy_cpu:.2f}",
            f"{wall / limit.scan:.0f}",
        )

    add("plain copy of fct_pipeline_daily", limit.copy, limit.copy_cpu)
    add("plain scan of the landing", limit.scan, limit.scan_cpu)
    for name, night, start in (
        ("first night", large.first, small.first),
        ("a day more, 1 % changed", large.second, small.second),
    ):
        add(name, night["wall"], night["cpu"], night["peak_bytes"])
        add("  less fixed start-up", night["wall"] - start["wall"], night["cpu"] - start["cpu"])
    alone, fixed = large.alone, small.alone
    for name, of_what in (
        ("fct_pipeline_daily, whole and alone", "_of_daily"),
        (MARTS, ""),
        ("summary and checks of the facts", "_of_facts"),
    ):
        wall, cpu = f"wall{of_what}", f"cpu{of_what}"
        add(name, alone[wall], alone[cpu], alone["peak_bytes"] if name == MARTS else None)
        add("  less fixed start-up", alone[wall] - fixed[wall], alone[cpu] - fixed[cpu])
    # A night pays for the days that are new to the record, and for its own forecast.
    for name, night in (("first", large.first), ("next", large.second)):
        add(f"forecast, {name} night: of past days", night["models"].get(BACKTEST, 0.0))
        add(f"forecast, {name} night: its own", night["steps"].get("forecast", 0.0))
    console.print(table)
    for measure in ("wall", "cpu"):
        less_first = large.first[measure] - small.first[measure]
        less_next = large.second[measure] - small.second[measure]
        console.print(f"the next night is {less_next / less_first:.0%} of the first by {measure}")
    parquet = published / "parquet" / "fct_pipeline_daily"
    per_row = _size(parquet) / max(rows["fct_pipeline_daily"], 1)
    in_file = daily_in_file(large.home, rows["fct_pipeline_daily"])
    console.print(f"fct_pipeline_daily as published: {per_row:.1f} bytes a row as Parquet")
    console.print(f"  and {in_file:.1f} in DuckDB; all tables {_size(published) / 1e6:,.0f} MB")
    _slowest(large, small, limit.copy, console)


def _slowest(large: Nights, small: Nights, copy: float, console: Console) -> None:
    """Print the steps and tables that cost most more than they do on ten deals, by night."""
    for number, night in enumerate(("first", "next")):
        table = Table(title=f"Where the {night} night's time goes", title_justify="left")
        for heading in ("step or table", "wall s", "less start-up", "x copy"):
            table.add_column(heading, justify="left" if heading.startswith("step") else "right")
        for kind in ("steps", "models"):
            spent = (large.first, large.second)[number][kind]
            start = (small.first, small.second)[number][kind]
            grown = {name: seconds - start.get(name, 0.0) for name, seconds in spent.items()}
            for name in sorted(grown, key=lambda key: -grown[key])[:SHOWN]:
                less = grown[name]
                table.add_row(name, f"{spent[name]:.2f}", f"{less:.2f}", f"{less / copy:.2f}")
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
    parser.add_argument(
        "--past-days", type=int, default=20, help="days of the forecast's record (0: none)"
    )
    chosen = parser.parse_args()
    console = Console(width=110)
    small = run_nights(chosen.folder / "small", 10, chosen.past_days, console)
    for deals in chosen.deals:
        large = run_nights(chosen.folder / str(deals), deals, chosen.past_days, console)
        report(deals, large, small, console)
        if not chosen.keep:
            shutil.rmtree(chosen.folder / str(deals))
    if not chosen.keep:
        shutil.rmtree(chosen.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
