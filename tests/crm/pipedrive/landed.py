"""What landed from Pipedrive, and what should have, as plain rows."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from orchestration.landing import Landing
from tests.crm.landed import landed
from tests.crm.pipedrive.nights import SOURCE
from tests.crm.standins import pipedrive_records as shapes
from tests.crm.standins.pipedrive import Pipedrive

TABLES = ("pipelines", "stages", "users", "leads", "deals", "deal_changes")
_EXTRA = ("source_lead_id", "first_won_time")
_CHANGE = ("field_key", "old_value", "new_value", "time")


def deals_there(standin: Pipedrive) -> dict[str, Any]:
    """Return every deal that can be read, deleted and archived ones too."""
    return {
        str(record.ref.number): shapes.deal(record, standin.numbers, _EXTRA)
        for record in standin.view.records("deal", standin.now)
    }


def leads_there(standin: Pipedrive) -> dict[str, Any]:
    """Return every lead that is one, archived ones too."""
    return {
        shapes.lead_id(record.ref.number): shapes.lead(record)
        for record in standin.view.records("lead", standin.now)
        if shapes.is_listed_lead(record)
    }


def changes_there(standin: Pipedrive) -> Counter[tuple[str, ...]]:
    """Return every logged change of every deal, with how often it is logged."""
    return Counter(
        (str(record.ref.number), *(str(row[key]) for key in _CHANGE))
        for record in standin.view.records("deal", standin.now)
        for row in shapes.log(standin.view.happenings(record.ref, standin.now), standin.numbers)
    )


def changes_landed(landing: Landing) -> Counter[tuple[str, ...]]:
    """Return every landed change, with how often it landed."""
    found: Counter[tuple[str, ...]] = Counter()
    for id_, payload in landed(landing, SOURCE, "deal_changes", "id, payload"):
        row = json.loads(payload)
        found[(id_.split("|")[0], *(str(row[key]) for key in _CHANGE))] += 1
    return found
