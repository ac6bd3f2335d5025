"""``make run-crms``: a made-up company in five CRMs on this machine, and real nights on them.

Starts the stand-ins, writes the settings of five accounts, runs the night in a process of its own
as the schedule would, and shows the funnel that each CRM gave.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.home import PROJECT_ROOT
from tests.crm.five import ENVIRONMENT, Five, five_standins
from tests.crm.generate import generate_truth

# Before the company changes its stage lists: what a CRM forgot by its first night is not told.
FIRST_DAY, DAYS = date(2024, 2, 1), 45
SEED = 5


def run_nights(home: Path, deals: int, nights: int, *, quiet: bool = False) -> int:
    """Run so many nights on a company of so many deals; return the last exit code."""
    truth = generate_truth(SEED, deals, deals // 2, FIRST_DAY, DAYS)
    last = FIRST_DAY + timedelta(days=DAYS)
    config = home / "crms.toml"
    home.mkdir(parents=True, exist_ok=True)
    code = 0
    with five_standins(truth, _night_of(last)) as five:
        for day in (last - timedelta(days=n) for n in reversed(range(nights))):
            five.move_to(_night_of(day))
            config.write_text(five.settings(day, FIRST_DAY), "utf-8")
            code = subprocess.run(
                [sys.executable, "-m", "orchestration", "run", *(["--quiet"] if quiet else [])],
                cwd=PROJECT_ROOT,
                env={
                    **os.environ,
                    **ENVIRONMENT,
                    "FUNNEL_CONFIG": str(config),
                    "FUNNEL_HOME": str(home),
                },
                check=False,
            ).returncode
            if code:
                return code
        if not quiet:
            show(home, five)
    return code


def show(home: Path, five: Five) -> None:
    """Print the funnel of each CRM's account, and what its answers cost."""
    console = Console(width=110)
    table = Table(title="One company, five CRMs: its deals, all time", title_justify="left")
    for heading in ("account", "pipeline", "stage", "entered", "won", "eventually won"):
        table.add_column(
            heading, justify="left" if heading in "account pipeline stage" else "right"
        )
    file = (home / "published").resolve() / "funnel.duckdb"
    with duckdb.connect(str(file), read_only=True) as engine:
        rows = engine.execute(
            """
            select
                funnel.dimension_value, coalesce(stage.pipeline_label, funnel.pipeline) as called,
                coalesce(stage.label, funnel.from_stage), funnel.entered, funnel.reached,
                funnel.eventual_rate
            from marts.mart_funnel_conversion as funnel
            left join marts.dim_stage as stage
                on stage.source_name = funnel.dimension_value
                and stage.entity_type = funnel.entity_type
                and stage.pipeline = funnel.pipeline and stage.stage = funnel.from_stage
            where funnel.cohort_month is null and funnel.dimension = 'source_name'
                and funnel.entity_type = 'deal' and funnel.to_stage = 'won'
            order by funnel.dimension_value, called, funnel.from_position
            """
        ).fetchall()
    for account, pipeline, stage, entered, won, rate in rows:
        chance = "–" if rate is None else f"{rate:.0%}"
        table.add_row(account, pipeline, stage, f"{entered:,}", f"{won:,}", chance)
    console.print(table)
    for standin in five.all:
        cost = f", {standin.tokens:,} tokens" if standin.tokens else ""
        console.print(f"{standin.vendor}: {len(standin.log):,} requests{cost}")
    console.print("The stand-ins have ended; the tables stay in " + str(file))


def _night_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC) + timedelta(days=1)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=300)
    parser.add_argument("--nights", type=int, default=1)
    parser.add_argument("--home", type=Path, default=PROJECT_ROOT / ".funnel" / "crms")
    chosen = parser.parse_args()
    return run_nights(chosen.home.resolve(), chosen.deals, chosen.nights)


if __name__ == "__main__":
    sys.exit(main())
