"""The query language of 销售易 (Neocrm), as far as public clients use it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from tests.crm.messages import BadParameter

MOST = 2000
_QUERY = re.compile(
    r"select\s+(?P<fields>[\w.,\s]+?)\s+from\s+(?P<object>\w+)"
    r"(?:\s+where\s+(?P<where>.+?))?(?:\s+order\s+by\s+(?P<order>[\w\s,]+?))?"
    r"(?:\s+limit\s+(?P<skip>\d+)\s*,\s*(?P<most>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\s*(?P<field>\w+)\s*(?P<sign>>=|<=|=|>|<)\s*(?P<value>-?\d+|'[^']*')\s*")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Query:
    """A parsed query; conditions are (field, sign, value)."""

    object: str
    fields: tuple[str, ...]
    conditions: tuple[tuple[str, str, int | str], ...]
    is_ordered: bool
    skip: int
    most: int

    def holds_for(self, row: dict[str, Any]) -> bool:
        """Whether a record meets every condition; an empty field meets none."""
        return all(
            row[field] is not None and _SIGNS[sign](row[field], value)
            for field, sign, value in self.conditions
        )


def parse(text: str, fields_of: Callable[[str], Collection[str]]) -> Query:
    """Read a query. Raises ``BadParameter`` for what can't be parsed or selected."""
    found = _QUERY.fullmatch(text)
    if found is None:
        raise BadParameter("xoql", "can't be parsed")
    known = fields_of(found["object"])
    fields = tuple(name.strip() for name in found["fields"].split(","))
    conditions = []
    for part in re.split(r"\s+and\s+", found["where"] or "", flags=re.IGNORECASE):
        if not part:
            continue
        condition = _CONDITION.fullmatch(part)
        if condition is None:
            raise BadParameter("xoql", f"can't be parsed near {part}")
        value = condition["value"]
        literal = value[1:-1] if value.startswith("'") else int(value)
        conditions.append((condition["field"], condition["sign"], literal))
    for name in (*fields, *(field for field, _, _ in conditions)):
        if name not in known:
            raise BadParameter("xoql", f"no field {name} in {found['object']}")
    order = (found["order"] or "").lower().split()
    if order not in ([], ["id"], ["id", "asc"]):
        raise BadParameter("xoql", "order by id only")
    most = int(found["most"] or MOST)
    if most > MOST:
        raise BadParameter("xoql", f"limit above {MOST}")
    return Query(
        found["object"], fields, tuple(conditions), bool(order), int(found["skip"] or 0), most
    )
