"""The run's own record of extractions and checks, from which the run-log marts are made.

Plain rows in the working file; deciding what a check means belongs to the checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Literal

import duckdb

from orchestration.sources.result import ExtractResult

Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class Extraction:
    """What one run's extraction of one table of one source came to."""

    run_id: str
    source_name: str
    object: str
    state: str
    attempted_at: datetime
    records: int
    message: str

    @classmethod
    def of(cls, result: ExtractResult, run_id: str, attempted_at: datetime) -> Extraction:
        """Return the record of an extraction's result."""
        return cls(
            run_id=run_id,
            source_name=result.source,
            object=result.table,
            state=result.state,
            attempted_at=attempted_at,
            records=result.rows_landed + result.rows_deleted,
            message=result.message,
        )


@dataclass(frozen=True)
class CheckRecord:
    """One check of one run. A failed check of severity ``error`` keeps a night unpublished.

    ``failing_rows`` counts the rows that break it, where it counts rows; ``rows_at`` names the
    table in the working file that holds them, where there is one.
    """

    run_id: str
    checked_at: datetime
    check_name: str
    table_name: str
    severity: Severity
    passed: bool
    observed: str
    expected: str
    failing_rows: int | None
    rows_at: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether it keeps the night from being published."""
        return self.severity == "error" and not self.passed


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create schema if not exists quality;
        create table if not exists quality.extractions (
            run_id varchar, source_name varchar, object varchar, state varchar,
            attempted_at timestamptz, records bigint, message varchar
        );
        create table if not exists quality.checks (
            run_id varchar, checked_at timestamptz, check_name varchar, table_name varchar,
            severity varchar, passed boolean, observed varchar, expected varchar,
            failing_rows bigint, rows_at varchar
        )
        """
    )


def record_extraction(connection: duckdb.DuckDBPyConnection, extraction: Extraction) -> None:
    """Add an extraction to the run's record."""
    _prepare(connection)
    connection.execute(
        "insert into quality.extractions values (?, ?, ?, ?, ?, ?, ?)", list(astuple(extraction))
    )


def record_checks(connection: duckdb.DuckDBPyConnection, checks: Iterable[CheckRecord]) -> None:
    """Add checks to the run's record; a check that ran again in the same run replaces its row."""
    _prepare(connection)
    newest = {(c.run_id, c.check_name, c.table_name): astuple(c) for c in checks}
    if not newest:
        return
    # One statement for all: one a check took two thirds of a second a night.
    connection.execute(
        """
        delete from quality.checks where (run_id, check_name, table_name) in (
            select (unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::varchar[]))
        )
        """,
        [list(column) for column in zip(*newest, strict=True)],
    )
    connection.execute(
        """
        insert into quality.checks select
            unnest($1::varchar[]), unnest($2::timestamptz[]), unnest($3::varchar[]),
            unnest($4::varchar[]), unnest($5::varchar[]), unnest($6::boolean[]),
            unnest($7::varchar[]), unnest($8::varchar[]), unnest($9::bigint[]),
            unnest($10::varchar[])
        """,
        [list(column) for column in zip(*newest.values(), strict=True)],
    )


def checks_of(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[CheckRecord]:
    """Return the checks of a run, failed ones first."""
    _prepare(connection)
    rows = connection.execute(
        """
        select * from quality.checks where run_id = ?
        order by passed, severity, table_name, check_name
        """,
        [run_id],
    ).fetchall()
    return [CheckRecord(*row) for row in rows]


def latest_run(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the id of the run that checked last."""
    _prepare(connection)
    row = connection.execute(
        "select run_id from quality.checks order by checked_at desc limit 1"
    ).fetchone()
    return row[0] if row else None


def blocking_checks(connection: duckdb.DuckDBPyConnection) -> list[CheckRecord]:
    """Return the checks that keep a night from being published.

    For each check the newest result counts, from the last extraction on: a run that did not
    repeat a failed check can't publish past it.
    """
    _prepare(connection)
    rows = connection.execute(
        """
        select * from quality.checks
        where checked_at >= coalesce(
            (select max(attempted_at) from quality.extractions),
            timestamptz '1970-01-01 00:00:00+00'
        )
        qualify row_number() over (
            partition by table_name, check_name order by checked_at desc
        ) = 1
        order by table_name, check_name
        """
    ).fetchall()
    return [check for check in (CheckRecord(*row) for row in rows) if check.blocks]
