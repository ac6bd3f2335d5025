"""Many small companies through the real path, as the sources of one warehouse.

Writes files, extracts, lays out and builds night by night, then rebuilds from the landing. What
the tables should hold is not known here.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.engine import connect
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import Landing
from orchestration.settings import Settings, load_settings
from orchestration.sources.files import extract_table
from orchestration.warehouse.build import run_build
from orchestration.warehouse.idle import build_idle_staging, idle_kinds, staging_of
from orchestration.warehouse.layout import Night, lay_out
from orchestration.warehouse.memory import remember_build
from tests.support.companies import (
    AS_OF,
    BUSINESS_TIMEZONE,
    NIGHTS,
    TEMPLATE,
    TEMPLATED,
    Company,
    night_of,
    write_tables,
)
from tests.support.feeds import VIEWS, Feeds
from tests.support.prepared import lend

TABLES = ("deals", "leads", "stage_history", "stages", "owners", "fx_rates")
MARTS = ("mart_pipeline_waterfall", "mart_close_date_moves")
# What the reference speaks of, and what that rests on.
MODELS = (
    "+path:dbt_project/models/facts",
    *("+int_funnel_counts", "+mart_stage_flow", "+mart_stage_velocity"),
    *(f"+{mart}" for mart in MARTS),
)
FUNNEL, FUNNEL_DAYS = "funnel", "funnel_days"
FLOW, VELOCITY = "mart_stage_flow", "mart_stage_velocity"
# What is read beside the facts, in an order of its own.
QUERIES = {
    # The counts to which the mart of conversion adds its rates, a row in, a row out.
    FUNNEL: """
        select * exclude (by_day), dimension_value as source_name
        from conformed.int_funnel_counts
        where cohort_month is null and dimension in ('all', 'source_name')
        order by all
    """,
    FUNNEL_DAYS: """
        select
            dimension_value as source_name, entity_type, pipeline, from_stage, to_stage,
            day.days, day.reached, day.ended, day.still_open
        from (
            select *, unnest(by_day) as day from conformed.int_funnel_counts
            where cohort_month is null and dimension = 'source_name'
        )
        order by all
    """,
    FLOW: "select * from marts.mart_stage_flow",
    VELOCITY: """
        select *, dimension_value as source_name from marts.mart_stage_velocity
        where dimension = 'source_name'
    """,
}

Rows = list[dict[str, object]]


@dataclass
class Built:
    """Every fact of the warehouse: table -> rows in their own order."""

    tables: dict[str, Rows] = field(default_factory=dict)

    def of(self, table: str, source: str) -> Rows:
        """Return one source's rows of a table."""
        return [row for row in self.tables[table] if row["source_name"] == source]


def source_name(number: int) -> str:
    """Return the name of the n-th company's source."""
    return f"s{number:03}"


def shipped_templates() -> list[dict[str, str]]:
    """Return the rows of the shipped stage templates."""
    path = PROJECT_ROOT / "dbt_project" / "seeds" / "stage_templates.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def build_nights(
    companies: Sequence[Company], folder: Path, models: Sequence[str] = MODELS
) -> tuple[Built, Built]:
    """Run every night of a batch; return the facts after the last one, and after a rebuild."""
    home = Home(folder / "home")
    settings = settings_of(companies, folder)
    landing = Landing(home.landing)
    feeds = Feeds()
    for number, (as_of, known_at) in enumerate(NIGHTS):
        for company, source in zip(companies, settings.sources, strict=True):
            delivered = write_tables(night_of(company, number), source.path)
            for table in TABLES:
                if table not in delivered:
                    continue
                result = extract_table(source, table, landing, known_at=known_at, as_of=as_of)
                assert result.state in ("landed", "unchanged"), result
            tables, is_first = night_of(company, number), not any(company.nights[:number])
            feeds.deliver(tables, source.name, as_of, known_at, is_first)
        build_facts(home, settings, Night(as_of), models, feeds)
    nightly = read_facts(home)
    home.warehouse.unlink()
    # As a large company's is: each record's past in one slice of several.
    build_facts(home, settings, Night(AS_OF), models, feeds, slices=6)
    return nightly, read_facts(home)


def settings_of(companies: Sequence[Company], folder: Path) -> Settings:
    """Return settings with a source for each company, below ``folder``."""
    lines = [
        f'business_timezone = "{BUSINESS_TIMEZONE}"',
        'reporting_currency = "EUR"',
        f"[[pipelines]]\npipeline = '{TEMPLATED}'\ntemplate = '{TEMPLATE}'",
    ]
    for number, company in enumerate(companies):
        name = source_name(number)
        (folder / "exports" / name).mkdir(parents=True)
        lines.append(
            f"[[sources]]\nname = '{name}'\ntype = 'files'\npath = 'exports/{name}'\n"
            f"mode = '{company.mode}'\ntimezone = '{company.timezone}'"
        )
    path = folder / "funnel.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return load_settings(path)


def build_facts(
    home: Home,
    settings: Settings,
    night: Night,
    models: Sequence[str] = MODELS,
    feeds: Feeds | None = None,
    slices: int = 1,
) -> None:
    """Build models on what landed, as one night does. Fails on a model that can't be built.

    ``feeds`` stand in the place of the CRMs' own views, where there are any; records are derived in
    so many ``slices``.
    """
    lend(home, settings)
    with connect(home.warehouse) as connection:
        lay_out(connection, settings, home, night)
        if feeds is not None:
            feeds.lay_out(connection)
        connection.execute(f"create or replace macro settings.record_slices() as {slices}")
    build_idle_staging(home, settings)
    left_out = [*staging_of(idle_kinds(settings)), *(VIEWS.values() if feeds else ())]
    result = run_build(home, "run", select=models, exclude=left_out)
    failed = [f"{node.name}: {node.message}" for node in result.nodes if not node.succeeded]
    assert not failed, "\n".join(failed)
    with connect(home.warehouse) as connection:
        remember_build(connection)


def read_facts(home: Home) -> Built:
    """Return what a warehouse holds."""
    built = Built()
    with connect(home.warehouse, read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
            " and (regexp_matches(table_name, '^(fct|dim)_') or table_name in ?) order by all",
            [list(MARTS)],
        ).fetchall()
        for (name,) in names:
            built.tables[name] = _rows(connection, f"select * from marts.{name}")
        for name, query in QUERIES.items():
            built.tables[name] = _rows(connection, query)
    return built


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    cursor = connection.execute(query)
    columns = [entry[0] for entry in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
