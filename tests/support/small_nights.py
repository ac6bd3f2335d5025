"""Nights of one small table, published one after the other, and what a reader finds of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.publication.release import Release, publish


def night(home: Home, number: int) -> Release:
    """Build a small warehouse of night ``number`` and publish it."""
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            f"CREATE OR REPLACE TABLE fct_deals AS SELECT {number} AS night, i FROM range(9) t (i)"
        )
    return publish(home.warehouse, home, "main", ["fct_deals"], f"night-{number}")


def nights(home: Home) -> list[str]:
    return sorted(path.name for path in home.releases.iterdir())


def seen(database: Path) -> int:
    """Return the night that a reader in a process of its own finds."""
    code = (
        "import duckdb, sys; connection = duckdb.connect(sys.argv[1], read_only=True); "
        "print(*connection.execute('SELECT DISTINCT night FROM marts.fct_deals').fetchone())"
    )
    output = subprocess.check_output([sys.executable, "-c", code, str(database)], text=True)
    return int(output)
