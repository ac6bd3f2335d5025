"""What landed from 销售易, and what should have, as plain rows."""

from __future__ import annotations

from typing import Any

from tests.crm.happenings import EntityType
from tests.crm.standins.neocrm import Neocrm

_KINDS: dict[str, EntityType] = {"leads": "lead", "opportunities": "deal"}


def there(standin: Neocrm, table: str) -> dict[str, Any]:
    """Return every lead or opportunity that can be read."""
    kind = _KINDS[table]
    make = standin.shapes.lead if kind == "lead" else standin.shapes.deal
    records = standin.view.records(kind, standin.now)
    rows = [make(record) for record in records if not record.is_deleted]
    return {str(row["id"]): row for row in rows}
