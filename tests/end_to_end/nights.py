"""Running real nights in their own process and reading what they published."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.home import PROJECT_ROOT, Home
from orchestration.published_tables import PUBLISHED_TABLES
from tests.end_to_end.warm import WarmCommand
from tests.support.prepared import lend

# What a run tells of itself differs from run to run.
RUN_LOGS = {"mart_quality_checks", "mart_source_status", "mart_quarantine"}


@dataclass(frozen=True)
class NightRun:
    """A finished command: its exit code and everything it printed."""

    code: int
    output: str


def environment(home: Path, config: Path | None = None) -> dict[str, str]:
    """Return the environment of a night on a home folder of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FUNNEL_", "DAGSTER_"))}
    named = {} if config is None else {"FUNNEL_CONFIG": str(config)}
    return {**kept, "FUNNEL_HOME": str(home), **named}


def command(*words: str) -> list[str]:
    """Return the command line of the project."""
    return [sys.executable, "-m", "orchestration", *words]


def run(
    home: Path, config: Path | None = None, *words: str, project: Path = PROJECT_ROOT
) -> NightRun:
    """Run a command (default: the night), in any checkout, and wait for its end."""
    lend(Home(home))
    return NightRun(*start(home, config, *words, project=project).finish())


def start(
    home: Path, config: Path | None = None, *words: str, project: Path = PROJECT_ROOT
) -> WarmCommand:
    """Start a command (default: the night) on a home in which nothing may be parsed yet."""
    return WarmCommand(words or ("run",), project, environment(home, config))


def run_as_typed(home: Path, config: Path | None = None, *words: str) -> NightRun:
    """Run a command as somebody types it, with nothing loaded or parsed."""
    done = subprocess.run(
        command(*(words or ("run",))),
        cwd=PROJECT_ROOT,
        env=environment(home, config),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return NightRun(done.returncode, done.stdout)


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the published file."""
    with _published(home) as connection:
        return connection.execute(sql).fetchall()


def published_rows(home: Path) -> dict[str, pa.Table]:
    """Return every published table but the run logs, rows in their stored order."""
    with _published(home) as connection:
        return {
            table: connection.sql(f"from marts.{table}").to_arrow_table()
            for table in PUBLISHED_TABLES
            if table not in RUN_LOGS
        }


@contextmanager
def _published(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    file = (home / "published").resolve() / "funnel.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def write_company(folder: Path, **tables: str) -> Path:
    """Write a folder of exports, one CSV text a table, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, text in tables.items():
        (folder / f"{table}.csv").write_text(text, "utf-8")
    return folder


def write_settings(path: Path, as_of: str, source: str = "files", extra: str = "") -> Path:
    """Write settings with one files source below the same folder."""
    path.write_text(
        f'business_timezone = "Europe/Amsterdam"\nreporting_currency = "EUR"\nas_of = "{as_of}"\n'
        f'first_day = "{as_of[:7]}-01"\n'
        f'[[sources]]\nname = "acme"\ntype = "files"\npath = "{source}"\n{extra}',
        "utf-8",
    )
    return path
