"""What landed from HubSpot, and what should have, as plain rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from orchestration.landing import Landing
from tests.crm.hubspot.nights import SOURCE
from tests.crm.landed import landed
from tests.crm.standins.hubspot import Hubspot
from tests.crm.standins.hubspot_shapes import id_of


def wanted_records(standin: Hubspot, kind: str, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what HubSpot has of each record that can still be read, archived ones too."""
    standin.now = now
    names = standin.names(kind)
    return {
        id_of(record.ref): standin._json(kind, record, names, ())
        for archived in (False, True)
        for record in standin._records(kind, archived=archived)
    }


def wanted_changes(
    standin: Hubspot, kind: str, tracked: tuple[str, ...], now: datetime
) -> set[tuple[str, str, str, str]]:
    """Return each value that each tracked property of each readable record was set to."""
    standin.now = now
    return {
        (id_of(record.ref), name, value["timestamp"], value["value"])
        for archived in (False, True)
        for record in standin._records(kind, archived=archived)
        for name, values in standin._json(kind, record, (), tracked)[
            "propertiesWithHistory"
        ].items()
        for value in values
    }


def changes(landing: Landing, table: str) -> Iterator[tuple[str, str, str, str]]:
    """Give each landed change as record, property, instant and value."""
    for _, payload in landed(landing, SOURCE, table):
        told = json.loads(payload)
        change = told["change"]
        yield told["recordId"], told["property"], change["timestamp"], change["value"]
