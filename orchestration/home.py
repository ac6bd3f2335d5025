"""Where the warehouse keeps its state: the one folder named by ``FUNNEL_HOME``.

Only paths belong here. What is inside a folder is the business of the package that writes it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folder that holds all state, and the places inside it."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """Return the folder named by ``FUNNEL_HOME``, or ``.funnel`` in the checkout."""
        named = os.environ.get("FUNNEL_HOME")
        return cls(Path(named).expanduser().resolve() if named else PROJECT_ROOT / ".funnel")

    @property
    def landing(self) -> Path:
        """Append-only raw store."""
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        """The working DuckDB file; analysts never open it."""
        return self.root / "warehouse" / "funnel_warehouse.duckdb"

    @property
    def releases(self) -> Path:
        """The published nights, one folder each."""
        return self.root / "releases"

    @property
    def published(self) -> Path:
        """Symbolic link to the release that readers see."""
        return self.root / "published"

    @property
    def replays(self) -> Path:
        """Past days rebuilt with the knowledge of then, one DuckDB file each."""
        return self.root / "replays"

    @property
    def dagster(self) -> Path:
        """Instance folder of the orchestrator: runs, events, schedules."""
        return self.root / "dagster"

    @property
    def dbt(self) -> Path:
        """Target and log folder of dbt."""
        return self.root / "dbt"

    @property
    def sample(self) -> Path:
        """Where the generated company of the bundled sample is written."""
        return self.root / "sample"

    @property
    def lock(self) -> Path:
        """File whose lock admits one writer at a time."""
        return self.root / "night.lock"
