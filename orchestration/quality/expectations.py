"""Expectation suites: reading them, and holding a published mart against one.

Here belong the suites' files, their run through Great Expectations and the records that come of
it. How the orchestrator shows and blocks on them is in ``assets``; what must hold inside the
warehouse is the business of the dbt tests.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.run_log import CheckRecord, Severity

FAILING_ROWS = "failing_rows"
FAILING_ROWS_KEPT = 1000
EXAMPLES = 3
# Great Expectations' own word for the severity, so that a suite reads the same in its tools.
_SEVERITIES: Mapping[str, Severity] = {"critical": "error", "warning": "warn"}
_KWARGS_WITH_COLUMNS = ("column", "column_A", "column_B", "column_list")


class SuiteError(Exception):
    """A suite's file can't be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Expectation:
    """One expectation on a mart, in Great Expectations' terms, with the reason for it."""

    mart: str
    type: str
    kwargs: Mapping[str, Any]
    reason: str
    severity: Severity

    @property
    def check_name(self) -> str:
        """Its name in the run's record: mart, type and columns, the same in every run."""
        columns: list[str] = []
        for key in _KWARGS_WITH_COLUMNS:
            named = self.kwargs.get(key, [])
            columns += [named] if isinstance(named, str) else named
        return ".".join(
            ["expectations", self.mart, self.type, *(["-".join(columns)] * bool(columns))]
        )

    @property
    def expected(self) -> str:
        """What is expected and why, as sentences."""
        return f"{_sentence(self.type, self.kwargs)} {self.reason}"


@dataclass(frozen=True)
class Suite:
    """What one published mart must look like; ``rows`` is the query for what is looked at."""

    mart: str
    description: str
    rows: str
    expectations: tuple[Expectation, ...]
    file: Path

    @property
    def rows_check(self) -> str:
        """The name of the check that the mart has what the suite reads."""
        return f"expectations.{self.mart}.rows"


def load_suites(folder: Path) -> list[Suite]:
    """Return the suites of a folder by name: one JSON file a mart, in Great Expectations' form.

    Beside that form, the suite's ``meta`` holds ``description`` and optionally ``rows`` (a query,
    or its lines; default: the whole mart), and every expectation's ``meta`` holds ``reason`` and
    optionally ``severity`` (``error`` by default, or ``warn``). Raises ``SuiteError`` naming the
    file for anything else.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SuiteError(f"{folder}: no suites there, one <mart>.json each is expected")
    return [_suite(file) for file in files]


def _suite(file: Path) -> Suite:
    def wrong(what: str) -> SuiteError:
        return SuiteError(f"{file}: {what}")

    try:
        content = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise wrong(f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise wrong("expected an object with name, meta and expectations")
    if unknown := set(content) - {"name", "id", "meta", "notes", "expectations"}:
        raise wrong(f"unknown keys: {', '.join(sorted(unknown))}")
    mart = content.get("name")
    if mart != file.stem:
        raise wrong(f"`name` is {mart!r}, but the file is for {file.stem!r}")
    meta = content.get("meta")
    if not isinstance(meta, dict) or not _is_text(meta.get("description")):
        raise wrong("`meta.description` must say what is looked at")
    rows = meta.get("rows", f'select * from marts."{mart}"')
    if isinstance(rows, list) and all(isinstance(line, str) for line in rows):
        rows = "\n".join(rows)
    if not _is_text(rows):
        raise wrong("`meta.rows` must be a query, as text or as a list of lines")
    listed = content.get("expectations")
    if not isinstance(listed, list) or not listed:
        raise wrong("`expectations` must be a list with at least one expectation")
    expectations = []
    for number, entry in enumerate(listed, start=1):
        try:
            expectations.append(_expectation(file.stem, entry))
        except ValueError as error:
            raise wrong(f"expectation {number}: {error}") from error
    names = [expectation.check_name for expectation in expectations]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise wrong(f"expected twice of the same columns: {', '.join(sorted(doubled))}")
    return Suite(file.stem, meta["description"], rows, tuple(expectations), file)


def _expectation(mart: str, entry: object) -> Expectation:
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    if unknown := set(entry) - {"type", "kwargs", "meta", "severity", "id", "notes"}:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    kind, kwargs, meta = entry.get("type"), entry.get("kwargs", {}), entry.get("meta")
    if not _is_text(kind) or not str(kind).startswith("expect_"):
        raise ValueError("`type` must name an expectation (expect_...)")
    if not isinstance(kwargs, dict):
        raise ValueError("`kwargs` must be an object")
    if not isinstance(meta, dict) or not _is_text(meta.get("reason")):
        raise ValueError(f"{kind} has no `meta.reason`")
    severity = meta.get("severity", "error")
    own = entry.get("severity", "critical")
    if severity not in _SEVERITIES.values():
        raise ValueError(f"`meta.severity` is {severity!r}, allowed are error and warn")
    if _SEVERITIES.get(own) != severity:
        raise ValueError(
            f"`severity` {own!r} contradicts `meta.severity` {severity!r}: "
            "critical goes with error, warning with warn"
        )
    return Expectation(mart, str(kind), kwargs, meta["reason"], severity)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


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
        return f"missing: {_listed(missing)}"
    return f"{len(observed)} columns" + ("" if passed else f": {_listed(observed)}")


def _sentence(kind: str, kwargs: Mapping[str, Any]) -> str:
    """Say in a sentence what an expectation asks for."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    between = " and ".join(
        f"{words} {bound:g}"
        for words, bound in (("at least", low), ("at most", high))
        if isinstance(bound, int | float)
    )
    column = f"`{kwargs.get('column')}`"
    a, b = f"`{kwargs.get('column_A')}`", f"`{kwargs.get('column_B')}`"
    several = _listed(f"`{name}`" for name in kwargs.get("column_list", ()))
    allowed = _listed(str(value) for value in kwargs.get("value_set", ()))
    match kind.removeprefix("expect_"):
        case "table_columns_to_match_set":
            return f"It has the columns {_listed(kwargs['column_set'])}."
        case "column_values_to_not_be_null":
            return f"{column} is filled."
        case "column_values_to_be_unique":
            return f"{column} is unique."
        case "compound_columns_to_be_unique":
            return f"{several} together are unique."
        case "column_values_to_be_in_set":
            return f"{column} is one of {allowed}."
        case "column_values_to_be_between" if low is not None and low == high:
            return f"{column} is {low:g}."
        case "column_values_to_be_between":
            return f"{column} is {between}."
        case "column_values_to_match_regex":
            return f"{column} matches {kwargs['regex']}."
        case "column_pair_values_a_to_be_greater_than_b":
            return f"{a} is {'at least' if kwargs.get('or_equal') else 'more than'} {b}."
        case other:
            given = ", ".join(f"{name} {value}" for name, value in kwargs.items())
            return f"Expected {other.replace('_', ' ')} ({given})."


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


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
