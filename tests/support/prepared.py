"""What every home folder begins with, made once for all workers: dbt's parse, and idle staging.

Parsing the same project for every new home, and building the same empty tables in it, tests
nothing after the first time; the sample's night does both by itself.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.settings import Settings, load_settings
from orchestration.sources.registry import CRM_TYPES
from orchestration.warehouse.idle import build_idle_staging, idle_kinds
from orchestration.warehouse.layout import SCHEMAS, Night, lay_out

# Names the folder to the workers, and to nobody else.
_VARIABLE = "PREPARED_FOR_TESTS"
_NOBODY = """
business_timezone = "UTC"
reporting_currency = "EUR"
[[sources]]
name = "nobody"
type = "files"
path = "."
"""


def begin(config: pytest.Config) -> None:
    """Name an empty folder, which the workers find in their environment."""
    if not hasattr(config, "workerinput"):
        os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="prepared-")


def end(config: pytest.Config) -> None:
    """Remove it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(_VARIABLE), ignore_errors=True)


def lend(home: Home, settings: Settings | None = None) -> None:
    """Put what is prepared where a home has nothing yet; nobody else may use it meanwhile.

    Staging is lent where there is no account of a CRM (``settings``; none given: so it is).
    """
    prepared = lend_parse(home)
    is_idle = settings is None or idle_kinds(settings) == list(CRM_TYPES)
    if is_idle and not home.warehouse.exists():
        home.warehouse.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(prepared.warehouse, home.warehouse)


def lend_parse(home: Home) -> Home:
    """Put dbt's parse alone where a home has none; return the home that is lent from."""
    prepared = _prepared()
    target = Path("dbt") / "target"
    if not (home.root / target).exists():
        shutil.copytree(prepared.root / target, home.root / target)
    return prepared


def _prepared() -> Home:
    """Return the home that is lent from; the first who asks makes it, any other waits for it."""
    folder = Path(os.environ[_VARIABLE])
    home = Home(folder / "home")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.root.exists():
            _make(home, folder)
    return home


def _make(home: Home, folder: Path) -> None:
    building = Home(folder / "building")
    file = folder / "funnel.toml"
    file.write_text(_NOBODY, "utf-8")
    settings = load_settings(file)
    with connect(building.warehouse) as connection:
        lay_out(connection, settings, building, Night(date(2024, 1, 1)))
    build_idle_staging(building, settings)
    # Nothing of these settings stays.
    with connect(building.warehouse) as connection:
        for schema in SCHEMAS:
            if schema != "staging":
                connection.execute(f"drop schema {schema} cascade")
    for name in ("compiled", "run"):
        shutil.rmtree(building.dbt / "target" / name, ignore_errors=True)
    building.root.rename(home.root)
