"""The part of COQL that the stand-in understands; it refuses everything else, as Zoho does."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = dict[str, Any]

_QUERY = re.compile(
    r"select (?P<fields>[\w., ]+) from (?P<module>\w+) where (?P<where>.+?)"
    r" order by (?P<order>\w+) (?P<direction>asc|desc) limit (?:(?P<offset>\d+)\s*,\s*)?"
    r"(?P<limit>\d+)$"
)
_CRITERION = re.compile(
    r"(?P<field>[\w.]+) (?:(?P<sign>>=|>|=|<=|<) (?:'(?P<text>[^']*)'|(?P<number>\d+))"
    r"|in \((?P<list>[^)]*)\))$"
)
MOST_FIELDS, MOST_ROWS, MOST_VALUES = 50, 2000, 50


class BadQuery(ValueError):
    """A query that Zoho refuses, with its code."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.details: Json = details


@dataclass(frozen=True)
class Query:
    """A query taken apart."""

    module: str
    fields: tuple[str, ...]
    criteria: tuple[re.Match[str], ...]
    order: str
    is_down: bool
    offset: int
    limit: int


def parse(text: str, fields_of: dict[str, Collection[str]]) -> Query:
    """Return a query. Raises ``BadQuery``."""
    found = _QUERY.match(text.strip())
    if found is None:
        if " where " not in text:
            raise BadQuery("SYNTAX_ERROR", "missing clause", clause="where")
        raise _unparsed(text)
    module = found["module"]
    if module not in fields_of:
        raise BadQuery("INVALID_QUERY", f"the module {module} is not known")
    fields = tuple(name.strip() for name in found["fields"].split(","))
    if len(fields) > MOST_FIELDS:
        raise BadQuery("LIMIT_EXCEEDED", "no more than 50 fields can be selected")
    criteria = tuple(map(_criterion, found["where"].split(" and ")))
    for name in (*fields, *(each["field"] for each in criteria), found["order"]):
        if name != "id" and name not in fields_of[module]:
            raise BadQuery("INVALID_QUERY", f"column {name} is invalid")
    limit, offset = int(found["limit"]), int(found["offset"] or 0)
    if limit > MOST_ROWS:
        raise BadQuery("LIMIT_EXCEEDED", "limit is above 2000")
    is_down = found["direction"] == "desc"
    return Query(module, fields, criteria, found["order"], is_down, offset, limit)


def _criterion(text: str) -> re.Match[str]:
    found = _CRITERION.match(text.strip())
    if found is None:
        raise _unparsed(text)
    if found["list"] is not None and len(found["list"].split(",")) > MOST_VALUES:
        raise BadQuery("LIMIT_EXCEEDED", "in takes no more than 50 values")
    return found


def _unparsed(text: str) -> BadQuery:
    message = "error occurred while parsing the query"
    return BadQuery("SYNTAX_ERROR", message, line=1, column=1, near=text)


def run(query: Query, rows: Sequence[Json]) -> tuple[list[Json], bool]:
    """Return the rows of a query, and whether there are more."""
    chosen = [row for row in rows if all(_holds(row, each) for each in query.criteria)]
    chosen.sort(key=lambda row: _comparable(row, query.order), reverse=query.is_down)
    page = chosen[query.offset : query.offset + query.limit]
    has_more = len(chosen) > query.offset + query.limit
    return [{"id": row["id"], **{name: row.get(name) for name in query.fields}} for row in page], (
        has_more
    )


def _holds(row: Json, criterion: re.Match[str]) -> bool:
    value = _comparable(row, criterion["field"])
    if value is None:
        return False
    if criterion["list"] is not None:
        return str(value) in {part.strip().strip("'") for part in criterion["list"].split(",")}
    text = criterion["number"] or criterion["text"]
    wanted = _typed(criterion["field"], text)
    match criterion["sign"]:
        case ">=":
            return bool(value >= wanted)
        case ">":
            return bool(value > wanted)
        case "<":
            return bool(value < wanted)
        case "<=":
            return bool(value <= wanted)
    return bool(value == wanted)


def _comparable(row: Json, field: str) -> Any:
    value = row.get(field)
    if isinstance(value, dict):
        return value["id"]
    return None if value is None else _typed(field, value)


def _typed(field: str, value: Any) -> Any:
    if field == "id":
        return int(value)
    return datetime.fromisoformat(value) if field.endswith("_Time") else value
