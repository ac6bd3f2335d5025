"""Differences between the marts by period and dimension and the reference's, as lines to read.

Values of most dimensions are shared by companies, so one company is compared where its rows are its
own (its source and owners), and all companies together in every dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from tests.reference import close_date_moves, waterfall
from tests.reference.company import Reference
from tests.reference.lives import THE_SOURCE
from tests.support.batch import Built, Rows

WATERFALL, CLOSE_DATES = "mart_pipeline_waterfall", "mart_close_date_moves"
MEASURES = {
    WATERFALL: (*waterfall.AMOUNTS, *waterfall.COUNTS),
    CLOSE_DATES: close_date_moves.COUNTS,
}
Key = tuple[str, date, str, str]
Numbers = dict[Key, dict[str, Decimal]]


def expected(reference: Reference, mart: str, source: str) -> Numbers:
    """Return what the reference says of one source, with the warehouse's keys."""
    rows: Mapping[Key, Mapping[str, Decimal | int]]
    rows = reference.waterfall if mart == WATERFALL else reference.close_dates
    found = {}
    for (period, start, dimension, value), row in rows.items():
        if dimension == "owner" and value != "unknown":
            value = f"{source}:{value}"
        elif value == THE_SOURCE:
            value = source
        found[period, start, dimension, value] = {
            name: Decimal(number) for name, number in row.items()
        }
    return found


def summed(parts: Iterable[Numbers]) -> Numbers:
    """Return the sums of several sources' rows."""
    total: Numbers = {}
    for part in parts:
        for key, row in part.items():
            into = total.setdefault(key, dict.fromkeys(row, Decimal(0)))
            for name, number in row.items():
                into[name] += number
    return total


def differences(wanted: Numbers, built: Built, mart: str, source: str | None = None) -> list[str]:
    """Return a line for each number that differs; with a source, only in rows of its own."""
    got = _numbers(built.tables[mart], mart)
    if source is not None:
        wanted, got = (
            {k: r for k, r in side.items() if _is_own(k, source)} for side in (wanted, got)
        )
    lines = []
    for key in sorted({*wanted, *got}):
        nothing = dict.fromkeys(MEASURES[mart], Decimal(0))
        left, right = wanted.get(key), got.get(key)
        if left is None or right is None:
            lines.append(f"{mart} {_words(key)}: no row {'expected' if left is None else 'there'}")
        for name in MEASURES[mart]:
            told, seen = (left or nothing)[name], (right or nothing)[name]
            if told != seen:
                lines.append(f"{mart} {_words(key)}: {name} expected {told}, got {seen}")
    return lines


def _numbers(rows: Rows, mart: str) -> Numbers:
    found: Numbers = {}
    for row in rows:
        start = row["period_start"]
        assert isinstance(start, date)
        key = (str(row["period"]), start, str(row["dimension"]), str(row["dimension_value"]))
        assert key not in found, key
        found[key] = {name: Decimal(str(row[name])) for name in MEASURES[mart]}
    return found


def _is_own(key: Key, source: str) -> bool:
    _, _, dimension, value = key
    if dimension == "source_name":
        return value == source
    return dimension == "owner" and value.startswith(f"{source}:")


def _words(key: Key) -> str:
    return " ".join(str(part) for part in key)
