"""Any sequence of nights on one warehouse: what a step does, and how its outcome is compared.

Here belong the steps and the two files that they end in: the working one, which every step
extends, and one that is built anew from the landing; and the release that readers see. Which steps
follow each other is drawn by the test.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.landing import Landing
from orchestration.landing.nights import published_nights
from orchestration.publication.forecasts import RELEASE_ID
from orchestration.publication.night import finish_publication, publish_night
from orchestration.publication.release import published_release
from orchestration.published_tables import PUBLISHED_TABLES
from orchestration.sources.files import extract_table
from orchestration.warehouse.build import BuildResult, NodeResult, run_build
from orchestration.warehouse.idle import idle_kinds, staging_of
from orchestration.warehouse.layout import Night, lay_out
from orchestration.warehouse.memory import remember_build
from orchestration.warehouse.parsed_project import parsed_project
from tests.reference.given import FEEDS
from tests.support.batch import TABLES, settings_of, source_name
from tests.support.companies import Company, Tables, write_tables
from tests.support.compare_files import Rows, differences_of_files, differences_of_release, marts_of
from tests.support.feeds import VIEWS, Feeds
from tests.support.killing import Countdown, kill_as_soon_as, killed
from tests.support.prepared import lend


@dataclass(frozen=True)
class Kill:
    """When the process of a step is killed.

    ``part`` is one of ``PARTS``. A build is killed ``seconds`` after its ``count``-th model; a
    publication when that many things are there: the release's file, its Parquet files, its folder,
    the link to it, the night in the log.
    """

    part: str
    count: int
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.part} {self.count} + {self.seconds * 1000:.0f} ms"


PARTS = ("extraction", "build", "publication")
SIGNS = 5


@dataclass(frozen=True)
class Step:
    """One thing that happens to the warehouse.

    ``delivered`` maps a company's number to what its folder then holds. ``models`` names those that
    are built before the build breaks off (empty: all); ``days`` are laid out anew, from the first
    to the last. Only a ``remembered`` build is one on which the next rests, and only what is
    ``published`` is seen and logged as a night. ``kill`` ends it earlier.
    """

    what: str
    as_of: date
    known_at: datetime
    delivered: Mapping[int, Tables] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    days: tuple[date, date] | None = None
    is_remembered: bool = True
    is_published: bool = True
    kill: Kill | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything is built, as a rebuild would."""
        return not self.models and self.kill is None

    def __str__(self) -> str:
        told = "; ".join(
            f"{source_name(number)}: {', '.join(tables)}"
            for number, tables in self.delivered.items()
        )
        built = f" builds {' '.join(self.models)}" if self.models else ""
        days = f" days {self.days[0]} to {self.days[1]}" if self.days else ""
        killed = f" killed at {self.kill}" if self.kill else ""
        return (
            f"{self.what}, as of {self.as_of}, at {self.known_at:%m-%d %H:%M}"
            f"{days}{built}{killed} [{told}]"
        )


class Warehouse:
    """A landing, the two files built on it, and what is published of the first.

    ``models`` are dbt's names of all that is built.
    """

    def __init__(self, companies: Sequence[Company], folder: Path, models: Sequence[str]) -> None:
        self.home = Home(folder / "home")
        self.settings = settings_of(companies, folder)
        self.models = models
        self.anew = folder / "anew" / self.home.warehouse.name
        self._landing = Landing(self.home.landing)
        self._feeds = Feeds()
        self._delivered: set[int] = set()
        self._seen: dict[str, Rows] = {}
        self._empty = folder / "empty.duckdb"
        lend(self.home, self.settings)
        shutil.copy(self.home.warehouse, self._empty)

    def take(self, step: Step) -> list[str]:
        """Extract what a step delivers, build on it, and publish; return what readers see wrong.

        Readers see what they saw, and from a publication on what the working file holds.
        """
        finish_publication(self.home)
        before = published_release(self.home)
        part = step.kill.part if step.kill else ""
        tables = self._deliver(step)
        if part == "extraction":
            assert step.kill
            tables = tables[: step.kill.count]
        for number, table in tables:
            result = extract_table(
                self.settings.sources[number],
                table,
                self._landing,
                known_at=step.known_at,
                as_of=step.as_of,
            )
            assert result.state in ("landed", "unchanged"), result
        match part:
            case "extraction":
                pass
            case "build":
                killed(lambda: self._build_until_killed(step))
            case "publication":
                self._build_step(step)
                killed(lambda: self._publish_until_killed(step))
                finish_publication(self.home)
            case _:
                self._build_step(step)
                if step.is_published:
                    self._publish(step)
        return self._wrong_to_readers(step, before)

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

    def _wrong_to_readers(self, step: Step, before: str | None) -> list[str]:
        """Return what of the release is not what readers have to see after a step."""
        release, stamp = published_release(self.home), step.known_at.strftime(RELEASE_ID)
        is_moved = release != before
        lines = []
        if is_moved:
            self._seen = marts_of(self.home.warehouse, self._published_tables())
        if not step.is_published and is_moved:
            lines.append("a release was swapped in by a step that publishes nothing")
        if step.is_published and step.kill is None and release != stamp:
            lines.append(f"{release} is published, not {stamp}")
        if ((step.known_at, step.as_of) in published_nights(self.home.landing)) != is_moved:
            lines.append(f"the night is {'not ' * is_moved}in the log")
        if release is not None:
            lines += differences_of_release(self.home.releases / release, self._seen)
        return lines

    def _published_tables(self) -> list[str]:
        """Return the published tables that are built here."""
        built = marts_of(self.home.warehouse)
        return [table for table in PUBLISHED_TABLES if table in built]

    def _kept(self) -> list[str]:
        """Return the tables of which a build exchanges a part only, and which marts rest on."""
        return [
            node.name
            for node in parsed_project(self.home).nodes.values()
            if node.config.get("materialized") == "incremental" and node.schema == "conformed"
        ]

    def _deliver(self, step: Step) -> list[tuple[int, str]]:
        """Put what a step delivers in its place; return the tables to extract."""
        found = []
        for number, tables in step.delivered.items():
            source = self.settings.sources[number]
            write_tables(tables, source.path)
            found += [(number, table) for table in TABLES if table in tables and table not in FEEDS]
            is_first = number not in self._delivered
            self._feeds.deliver(tables, source.name, step.as_of, step.known_at, is_first)
            self._delivered.add(number)
        return found

    def _build_step(self, step: Step, on_node: Callable[[NodeResult], None] | None = None) -> None:
        first, last = step.days or (None, None)
        night = Night(step.as_of, rebuild_from=first, rebuild_to=last)
        models = step.models or self.models
        _assert_built(self._build(self.home.warehouse, night, models, on_node))
        if step.is_remembered:
            with connect(self.home.warehouse) as connection:
                remember_build(connection)

    def _build_until_killed(self, step: Step) -> None:
        assert step.kill
        self._build_step(step, Countdown(step.kill.count, step.kill.seconds))

    def _publish(self, step: Step) -> None:
        tables = self._published_tables()
        publish_night(self.home, step.known_at, step.as_of, tables)

    def _publish_until_killed(self, step: Step) -> None:
        assert step.kill
        name = step.known_at.strftime(RELEASE_ID)
        building, final = (self.home.releases / n for n in (f".{name}.building", name))
        signs = (
            (building / "funnel.duckdb").exists,
            (building / "parquet" / "fct_pipeline_daily").exists,
            final.exists,
            lambda: published_release(self.home) == name,
            lambda: (step.known_at, step.as_of) in published_nights(self.home.landing),
        )
        kill_as_soon_as(signs[step.kill.count - 1])
        self._publish(step)

    def _build(
        self,
        file: Path,
        night: Night,
        models: Sequence[str],
        on_node: Callable[[NodeResult], None] | None = None,
    ) -> BuildResult:
        with connect(file) as connection:
            lay_out(connection, self.settings, self.home, night)
            self._feeds.lay_out(connection)
        left_out = [*staging_of(idle_kinds(self.settings)), *VIEWS.values()]
        return run_build(
            self.home, "run", select=models, exclude=left_out, on_node=on_node, warehouse=file
        )


def _assert_built(result: BuildResult) -> None:
    failed = [f"{node.name}: {node.message}" for node in result.nodes if not node.succeeded]
    assert not failed, "\n".join(failed)
    assert result.nodes
