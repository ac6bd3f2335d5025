"""The part of SOQL that an extraction uses: parsed, checked against the org, worked on.

Refuses what Salesforce refuses, with its error codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tests.crm.standins.salesforce_lists import Row
from tests.crm.standins.salesforce_org import Org
from tests.crm.standins.salesforce_schema import COMPOUNDS

_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<sobject>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>\w+))?\s*$",
    re.DOTALL,
)
_CONDITION = re.compile(r"\s*([\w.]+)\s*(>=|<=|=|<|>)\s*('[^']*'|\S+)\s*$")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:?\d\d)$")
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    "<": lambda a, b: a < b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    "=": lambda a, b: a == b,
}


class SoqlError(Exception):
    """A query that Salesforce refuses: its error code, and the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Query:
    """A query that the org can answer. ``counts`` asks for the number alone."""

    sobject: str
    fields: tuple[str, ...]
    conditions: tuple[tuple[str, str, object], ...]
    order: str | None
    counts: bool

    def rows(self, org: Org, now: datetime, *, all_rows: bool) -> list[Row]:
        """Return the rows that it finds, with every field."""
        found = [row for row in org.rows(self.sobject, now) if self._holds(row)]
        if not all_rows:
            found = [row for row in found if not row.get("IsDeleted")]
        if self.order is not None:
            found.sort(key=lambda row: str(row[self.order or ""]))
        return found

    def _holds(self, row: Row) -> bool:
        return all(
            row[name] is not None and _COMPARE[sign](row[name], value)
            for name, sign, value in self.conditions
        )


def parse(org: Org, text: str, *, in_bulk: bool = False) -> Query:
    """Return a query. Raises ``SoqlError``."""
    found = _QUERY.match(text)
    if found is None:
        raise SoqlError("MALFORMED_QUERY", f"unexpected token in {text[:60]}")
    sobject = found["sobject"]
    types = org.types(sobject)
    if types is None:
        raise SoqlError("INVALID_TYPE", f"sObject type '{sobject}' is not supported.")
    asked = [name.strip() for name in found["fields"].split(",")]
    counts = [name.upper() for name in asked] == ["COUNT()"]
    if counts:
        if in_bulk:
            raise SoqlError("INVALIDJOB", "Aggregate queries are not supported in Bulk Query")
        asked = []
    elif asked == ["FIELDS(STANDARD)"]:
        if in_bulk:
            raise SoqlError("INVALIDJOB", "FIELDS() is not supported in Bulk Query")
        asked = [name for name in types if not name.endswith("__c")]
    for name in asked:
        _known(types, sobject, name)
        if in_bulk and types[name] in ("address", "location", "base64"):
            raise SoqlError("FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported")
    if len(set(asked)) < len(asked):
        raise SoqlError("MALFORMED_QUERY", "duplicate field selected")
    conditions = [
        _condition(types, sobject, part) for part in (found["where"] or "").split(" AND ") if part
    ]
    if found["order"]:
        _known(types, sobject, found["order"])
    return Query(sobject, tuple(asked), tuple(conditions), found["order"], counts)


def description(org: Org, sobject: str) -> dict[str, object] | None:
    """Return what ``describe`` says of an object; null if there is no such object."""
    types = org.types(sobject)
    if types is None:
        return None
    fields = [
        {
            "name": name,
            "label": name,
            "type": type_,
            "custom": name.endswith("__c"),
            "nillable": name != "Id",
            "compoundFieldName": COMPOUNDS.get(name) if COMPOUNDS.get(name) in types else None,
        }
        for name, type_ in types.items()
    ]
    return {"name": sobject, "queryable": True, "fields": fields}


def _known(types: dict[str, str], sobject: str, name: str) -> None:
    if name not in types:
        raise SoqlError(
            "INVALID_FIELD", f"No such column '{name}' on entity '{sobject}'. If you are attempting"
        )


def _condition(types: dict[str, str], sobject: str, text: str) -> tuple[str, str, object]:
    found = _CONDITION.match(text)
    if found is None:
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: {text}")
    name, sign, literal = found.groups()
    _known(types, sobject, name)
    if types[name] == "anyType":
        raise SoqlError("INVALID_FIELD", f"field '{name}' can not be filtered in a query call")
    return name, sign, _value(types[name], name, literal)


def _value(type_: str, name: str, literal: str) -> object:
    wrong = SoqlError(
        "INVALID_FIELD", f"filter criteria must be of type {type_} and not {literal} for {name}"
    )
    match type_:
        case "datetime":
            if not _INSTANT.match(literal):
                raise wrong
            return datetime.fromisoformat(literal).astimezone(UTC)
        case "date":
            return date.fromisoformat(literal)
        case "boolean":
            if literal not in ("true", "false"):
                raise wrong
            return literal == "true"
        case _:
            if not literal.startswith("'"):
                raise wrong
            return literal.strip("'")
