"""Any sequence of nights on one warehouse: what a step does, and how its outcome is compared.

Here belong the steps and the two files that they end in: the working one, which every step
extends, and one that is built anew from the landing. Which steps follow each other is drawn by the
test.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.landing import Landing
from orchestration.landing.nights import record_night
from orchestration.sources.files import extract_table
from orchestration.warehouse.build import BuildResult, run_build
from orchestration.warehouse.idle import build_idle_staging, idle_kinds, staging_of
from orchestration.warehouse.layout import Night, lay_out
from orchestration.warehouse.memory import remember_build
from orchestration.warehouse.parsed_project import parsed_project
from tests.reference.given import FEEDS
from tests.support.batch import TABLES, settings_of, source_name
from tests.support.companies import Company, Tables, write_tables
from tests.support.feeds import VIEWS, Feeds


@dataclass(frozen=True)
class Step:
    """One thing that happens to the warehouse.

    ``delivered`` maps a company's number to what its folder then holds. ``models`` names those that
    are built before the build breaks off (empty: all). Only a ``published`` step is remembered and
    logged as a night.
    """

    what: str
    as_of: date
    known_at: datetime
    delivered: Mapping[int, Tables] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    rebuild_from: date | None = None
    is_published: bool = True

    def __str__(self) -> str:
        told = "; ".join(
            f"{source_name(number)}: {', '.join(tables)}"
            for number, tables in self.delivered.items()
        )
        built = f" builds {' '.join(self.models)}" if self.models else ""
        return f"{self.what}, as of {self.as_of}, at {self.known_at:%m-%d %H:%M}{built} [{told}]"


class Warehouse:
    """A landing and the two files built on it; ``models`` are dbt's names of all that is built."""

    def __init__(self, companies: Sequence[Company], folder: Path, models: Sequence[str]) -> None:
        self.home = Home(folder / "home")
        self.settings = settings_of(companies, folder)
        self.models = models
        self.anew = folder / "anew" / self.home.warehouse.name
        self._landing = Landing(self.home.landing)
        self._feeds = Feeds()
        self._delivered: set[int] = set()
        self._empty = folder / "empty.duckdb"
        with connect(self.home.warehouse) as connection:
            lay_out(connection, self.settings, self.home, Night(date(2024, 3, 1)))
        build_idle_staging(self.home, self.settings)
        shutil.copy(self.home.warehouse, self._empty)

    def take(self, step: Step) -> None:
        """Extract what a step delivers, and build on it."""
        for number, tables in step.delivered.items():
            self._deliver(number, tables, step)
        night = Night(step.as_of, rebuild_from=step.rebuild_from, rebuild_to=step.rebuild_from)
        result = self._build(self.home.warehouse, night, step.models or self.models)
        _assert_built(result)
        if step.is_published:
            with connect(self.home.warehouse) as connection:
                remember_build(connection)
            record_night(self.home.landing, step.known_at, step.as_of)

    def broken_laws(self, laws: Sequence[str]) -> list[str]:
        """Return the laws that the working file does not keep."""
        with connect(self.home.warehouse) as connection:
            self._feeds.clear_news(connection)
        tested = run_build(self.home, "test", select=laws)
        assert len(tested.nodes) == len(laws), [node.name for node in tested.nodes]
        return [f"{node.name}: {node.message}" for node in tested.nodes if node.status != "pass"]

    def differences_from_a_rebuild(self, as_of: date) -> list[str]:
        """Return how the working file differs from one that is built from the landing alone."""
        self.anew.parent.mkdir(exist_ok=True)
        shutil.copy(self._empty, self.anew)
        _assert_built(self._build(self.anew, Night(as_of), self.models))
        return differences_of_files(self.home.warehouse, self.anew, self._kept())

    def _kept(self) -> list[str]:
        """Return the tables of which a build exchanges a part only, and which marts rest on."""
        return [
            node.name
            for node in parsed_project(self.home).nodes.values()
            if node.config.get("materialized") == "incremental" and node.schema == "conformed"
        ]

    def _deliver(self, number: int, tables: Tables, step: Step) -> None:
        source = self.settings.sources[number]
        write_tables(tables, source.path)
        for table in TABLES:
            if table in tables and table not in FEEDS:
                result = extract_table(
                    source, table, self._landing, known_at=step.known_at, as_of=step.as_of
                )
                assert result.state in ("landed", "unchanged"), result
        self._feeds.deliver(
            tables, source.name, step.as_of, step.known_at, number not in self._delivered
        )
        self._delivered.add(number)

    def _build(self, file: Path, night: Night, models: Sequence[str]) -> BuildResult:
        with connect(file) as connection:
            lay_out(connection, self.settings, self.home, night)
            self._feeds.lay_out(connection)
        left_out = [*staging_of(idle_kinds(self.settings)), *VIEWS.values()]
        return run_build(self.home, "run", select=models, exclude=left_out, warehouse=file)


def _assert_built(result: BuildResult) -> None:
    failed = [f"{node.name}: {node.message}" for node in result.nodes if not node.succeeded]
    assert not failed, "\n".join(failed)
    assert result.nodes


def differences_of_files(extended: Path, anew: Path, kept: Sequence[str]) -> list[str]:
    """Return a line for each table that two warehouses don't hold alike.

    Marts are compared row for row in the order in which they lie, ``kept`` tables as sets.
    """
    lines: list[str] = []
    with (
        duckdb.connect(str(extended), read_only=True) as here,
        duckdb.connect(str(anew), read_only=True) as there,
    ):
        names, others = _tables(here, kept), _tables(there, kept)
        if names != others:
            lines.append(f"only one has {sorted(set(names) ^ set(others))}")
        for schema, name in names:
            query = f"select * from {schema}.{name}"
            mine, other = here.execute(query).fetchall(), there.execute(query).fetchall()
            if mine == other:
                continue
            counted = Counter(map(repr, mine)), Counter(map(repr, other))
            only = [sorted((a - b).elements()) for a, b in (counted, counted[::-1])]
            if any(only):
                lines.append(
                    f"{schema}.{name}: {len(only[0])} rows only night by night, such as"
                    f" {only[0][:2]}; {len(only[1])} only anew, such as {only[1][:2]}"
                )
            elif schema == "marts":
                lines.append(f"{schema}.{name}: the same rows in another order")
    return lines


def _tables(connection: duckdb.DuckDBPyConnection, kept: Sequence[str]) -> list[tuple[str, str]]:
    return connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where schema_name = 'marts' or (schema_name = 'conformed' and table_name in ?)"
        " order by all",
        [list(kept)],
    ).fetchall()
