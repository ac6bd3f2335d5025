"""What the landing offers to dbt: a view a table of the loads that are not staged yet.

One view serves all sources of a kind. Types and meaning belong to staging.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.engine import literal, tables_of
from orchestration.landing import Landing, Manifest
from orchestration.landing.envelope import ENVELOPE
from orchestration.settings import CrmSource, FilesSource, Settings
from orchestration.sources.files.staging_sql import KEPT, staged_columns_sql
from orchestration.sources.files.tables import TABLES
from orchestration.sources.registry import CRM_TYPES, crm_objects


def landed_tables() -> Iterator[tuple[str, str]]:
    """Return each kind of source with each table that it lands."""
    for table in TABLES:
        yield "files", table
    for type_ in CRM_TYPES:
        for item in crm_objects(type_):
            yield type_, item.name


def create_landing_views(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    landing: Landing,
    known: Sequence[Manifest],
    staged: Mapping[tuple[str, str], set[str]],
) -> None:
    """Create ``landing.<kind>__<table>`` over the loads of ``known`` that are not ``staged`` yet.

    Columns: ``source_name``, ``timezone``, the envelope without its fingerprint (``is_deleted`` as
    ``is_absent``), for files one text a column of the contract.
    """
    for kind, table in landed_tables():
        there = staged.get((kind, table), set())
        branches = [_nothing(kind, table)]
        for source in settings.sources:
            if source.type != kind:
                continue
            files = [
                landing.root / file.path
                for manifest in known
                if manifest.source == source.name
                and manifest.table == table
                and manifest.load_id not in there
                for file in manifest.files
            ]
            if not files:
                continue
            if isinstance(source, FilesSource):
                branches.append(staged_columns_sql(source, table, files))
            else:
                branches.append(_envelope_sql(source, files))
        connection.execute(
            f"create or replace view landing.{kind}__{table} as "
            + " union all by name ".join(branches)
        )


def staged_loads(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    """Return the ids of the loads that each table's staging model holds."""
    models = tables_of(connection, "staging")
    staged = {}
    for kind, table in landed_tables():
        if (model := f"stg_{kind}__{table}") in models:
            rows = connection.execute(f"select distinct load_id from staging.{model}").fetchall()
            staged[kind, table] = {load_id for (load_id,) in rows}
    return staged


def _nothing(kind: str, table: str) -> str:
    """Return a query without rows: a kind that is not configured has a view all the same."""
    columns = [f"null::{ENVELOPE[name]} as {kept}" for name, kept in KEPT.items()]
    if kind == "files":
        columns += [f'null::varchar as "{column}"' for column in TABLES[table].columns]
    listed = ", ".join(columns)
    return f"select null::varchar as source_name, null::varchar as timezone, {listed} where false"


def _envelope_sql(source: CrmSource, files: Sequence[Path]) -> str:
    paths = ", ".join(literal(str(path)) for path in files)
    kept = ", ".join(f"{name} as {name_there}" for name, name_there in KEPT.items())
    return (
        f"select {literal(source.name)} as source_name, {literal(source.timezone)} as timezone,"
        f" {kept} from read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"
    )
