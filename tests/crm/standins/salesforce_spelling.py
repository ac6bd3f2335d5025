"""How Salesforce spells values, rows and errors: by REST and in bulk results."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from tests.crm.messages import Answer, json_answer
from tests.crm.standins.salesforce_lists import Row


def nested(values: dict[str, object]) -> dict[str, object]:
    """Return the values with those of a related object (``Object.Field``) as an object."""
    found: dict[str, object] = {}
    for name, value in values.items():
        parent, _, rest = name.rpartition(".")
        if parent:
            related = found.setdefault(parent, {"attributes": {"type": parent, "url": ""}})
            assert isinstance(related, dict)
            related[rest] = value
        else:
            found[name] = value
    return found


def error(status: int, code: str, message: str) -> Answer:
    """Return an error as Salesforce words it."""
    return json_answer([{"message": message, "errorCode": code}], status)


def rest_time(at: datetime) -> str:
    """Return an instant as REST spells it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def as_json(value: object) -> object:
    """Return a value as REST spells it: numbers are Java's doubles."""
    match value:
        case datetime():
            return rest_time(value)
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            return value


def _as_cell(value: object) -> str:
    """Return a value as a bulk result spells it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S}.000Z"
        case Decimal():
            return f"{value:f}" if value % 1 else f"{value:.1f}"
        case _:
            return str(value)


def as_csv(fields: Sequence[str], rows: Sequence[Row]) -> Iterator[bytes]:
    """Give rows as a bulk result does, a thousand at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(fields)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_as_cell(row.get(name)) for name in fields])
        if number % 1000 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
