"""Holding a published mart against its expectation suite, through Great Expectations.

Here belong the run of a suite, the rows that break it and the records that come of it. The suites'
files belong to ``suites``, how the orchestrator shows and blocks on them to ``assets``; what must
hold inside the warehouse is the business of the dbt tests.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.quality.suites import Suite, SuiteError, listed
from orchestration.run_log import CheckRecord, Severity

FAILING_ROWS = "failing_rows"
FAILING_ROWS_KEPT = 1000
EXAMPLES = 3


def validate(
    connection: duckdb.DuckDBPyConnection, suite: Suite, run_id: str, checked_at: datetime
) -> list[CheckRecord]:
    """Hold a mart against its suite; one record an expectation, and one that it could be read.

    Of the rows that break an expectation, the first 1,000 are written to the table that the
    record names in ``rows_at``, with the columns of the suite's query; a check that passes drops
    what an earlier run left there. A missing table or column fails the one check ``…rows``, and
    nothing else is checked. Raises ``SuiteError`` if Great Expectations can't make sense of the
    suite. Up to three of the failing values are shown in ``observed``: expect nothing of a column
    with the names of people.
    """

    def record(name: str, severity: Severity, expected: str, found: _Finding) -> CheckRecord:
        return CheckRecord(
            run_id=run_id,
            checked_at=checked_at,
            check_name=name,
            table_name=suite.mart,
            severity=severity,
            passed=found.passed,
            observed=found.observed,
            expected=expected,
            failing_rows=found.failing_rows,
            rows_at=_keep(connection, name, found.rows),
        )

    readable = "The mart has every column that its readers rely on."
    _forget(connection, suite)
    try:
        rows = connection.sql(suite.rows).to_arrow_table()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        message = str(error).split("\n")[0]
        return [record(suite.rows_check, "error", readable, _Finding(False, message))]
    findings = _findings(suite, rows)
    return [
        record(suite.rows_check, "error", readable, _Finding(True, f"{rows.num_rows:,} rows read")),
        *(
            record(one.check_name, one.severity, one.expected, findings[one.check_name])
            for one in suite.expectations
        ),
    ]


@dataclass(frozen=True)
class _Finding:
    """What became of one expectation; ``rows`` are the first of those that break it."""

    passed: bool
    observed: str
    failing_rows: int | None = None
    rows: pa.Table | None = None


def _findings(suite: Suite, rows: pa.Table) -> dict[str, _Finding]:
    """Run the suite in one go; findings by check name."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # Before the import, which tells hundreds of lines of itself.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    # Imported late: seconds that only a validation needs.
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    # This module sets a level of its own, to tell of a folder that it does not write to.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    # A context of its own, which lets go of the rows when the suite is done.
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    try:
        # One by one: given as they stand, the suite would leave out what it does not know.
        expectations = [
            ExpectationConfiguration(
                type=one.type, kwargs=dict(one.kwargs), meta={"check": one.check_name}
            ).to_domain_obj()
            for one in suite.expectations
        ]
    except (GreatExpectationsError, ValueError) as error:
        raise SuiteError(f"{suite.file}: {error}") from error
    runnable = ExpectationSuite(name=suite.mart, expectations=expectations)
    batch = context.data_sources.pandas_default.read_dataframe(_frame(rows))
    outcome = batch.validate(runnable, result_format={"result_format": "COMPLETE"})
    return {
        result.expectation_config.meta["check"]: _finding(result, rows)
        for result in outcome.results
    }


def _frame(rows: pa.Table) -> Any:
    """Return the rows for Great Expectations: decimals as floats, which it can compare."""
    for position, column in enumerate(rows.schema):
        if pa.types.is_decimal(column.type):
            rows = rows.set_column(position, column.name, rows.column(position).cast(pa.float64()))
    return rows.to_pandas()


def _finding(result: Any, rows: pa.Table) -> _Finding:
    details = result.result or {}
    count = details.get("unexpected_count")
    if trouble := _trouble(result.exception_info):
        return _Finding(False, f"It could not be evaluated: {trouble}")
    if count is None:
        return _Finding(bool(result.success), _observed_table(details, bool(result.success)))
    if count == 0:
        return _Finding(bool(result.success), f"none of {rows.num_rows:,} rows breaks it", 0)
    observed = f"{count:,} of {rows.num_rows:,} rows"
    if result.expectation_config.kwargs.get("column") is not None:
        shown = [_shown(value) for value in details.get("partial_unexpected_list", ())]
        examples = [value for value in dict.fromkeys(shown) if value][:EXAMPLES]
        observed += f", such as {', '.join(examples)}" if examples else ""
    positions = [] if result.success else details.get("unexpected_index_list") or []
    kept = rows.take(pa.array(positions[:FAILING_ROWS_KEPT], pa.int64())) if positions else None
    return _Finding(bool(result.success), observed, int(count), kept)


def _trouble(info: Mapping[str, Any]) -> str | None:
    """Return the message of what Great Expectations ran into, if anything."""
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [entry["exception_message"] for entry in entries if entry["raised_exception"]]
    return str(messages[0]) if messages else None


def _observed_table(details: Mapping[str, Any], passed: bool) -> str:
    """Say what was seen of a mart as a whole: a number, or its columns."""
    observed = details.get("observed_value")
    if not isinstance(observed, list):
        return _shown(observed) or "nothing"
    missing = details.get("details", {}).get("mismatched", {}).get("missing", [])
    if missing and not passed:
        return f"missing: {listed(missing)}"
    return f"{len(observed)} columns" + ("" if passed else f": {listed(observed)}")


def _shown(value: Any) -> str:
    """Return a value as a reader would write it; empty for none."""
    if isinstance(value, datetime) and (value.hour or value.minute or value.second):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()[:10]
    if value is None or value != value:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _table_of(check_name: str) -> str:
    """Return a table's name for a check, which needs no quotes."""
    return check_name.replace(".", "__").replace("-", "__")


def _forget(connection: duckdb.DuckDBPyConnection, suite: Suite) -> None:
    """Drop the failing rows that an earlier run found."""
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = ?", [FAILING_ROWS]
    ).fetchall()
    for (table,) in tables:
        if table.startswith(_table_of(f"expectations.{suite.mart}.")):
            connection.execute(f'drop table {FAILING_ROWS}."{table}"')


def _keep(
    connection: duckdb.DuckDBPyConnection, check_name: str, rows: pa.Table | None
) -> str | None:
    """Write the rows that break a check to a table of their own; return its name."""
    if rows is None:
        return None
    relation = f"{FAILING_ROWS}.{_table_of(check_name)}"
    connection.execute(f"create schema if not exists {FAILING_ROWS}")
    connection.register("rows_that_fail", rows)
    try:
        connection.execute(f"create or replace table {relation} as select * from rows_that_fail")
    finally:
        connection.unregister("rows_that_fail")
    return relation
