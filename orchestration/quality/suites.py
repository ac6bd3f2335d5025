"""Expectation suites: their files, and what each expectation asks for, in words.

Here belongs the form of a suite. Holding a mart against one belongs to ``expectations``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.run_log import Severity

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
    several = listed(f"`{name}`" for name in kwargs.get("column_list", ()))
    allowed = listed(str(value) for value in kwargs.get("value_set", ()))
    match kind.removeprefix("expect_"):
        case "table_columns_to_match_set":
            return f"It has the columns {listed(kwargs['column_set'])}."
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


def listed(words: Iterable[str]) -> str:
    """Return words with commas between them."""
    return ", ".join(words)
