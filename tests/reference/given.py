"""What the reference is given: settings and the nightly deliveries of one source.

Only the shapes of the input belong here; what follows from it belongs to the other modules.

Beside the tables of the contract a night may bring what only systems with an interface tell:
``changes`` (``record_id``, ``entity_type``, ``entity_id``, ``field``, ``old_value``, ``new_value``,
``has_old_value``, ``changed_at``, ``change_number``, ``history_is_complete``) and ``deletions``
(``entity_type``, ``entity_id``, ``deleted_at``, ``merged_into_id``). A row of ``stage_history`` may
lack its stage, and have ``event_number``, ``emptied`` (names, comma-separated) and ``is_inferred``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Row = Mapping[str, str | None]

# The order in which one night loads its tables.
TABLES = (
    *("deals", "leads", "stage_history", "stages", "owners", "fx_rates"),
    *("changes", "deletions"),
)
# Feeds of news: what one lacks is not withdrawn, also where the source delivers in full.
FEEDS = ("changes", "deletions")

KEYS = {
    "deals": ("deal_id",),
    "leads": ("lead_id",),
    "stage_history": ("entity_type", "entity_id", "stage", "entered_at"),
    "stages": ("entity_type", "pipeline", "stage"),
    "owners": ("owner_id",),
    "changes": ("record_id",),
    "deletions": ("entity_type", "entity_id", "deleted_at"),
    "fx_rates": ("date", "currency", "base"),
}


@dataclass(frozen=True)
class Rules:
    """Settings that decide what a delivery means.

    ``templates`` maps a pipeline to the (stage, category) pairs of its template, in order;
    ``named_categories`` the names of closed stages of every shipped template to their category;
    ``reference_rates`` a currency and day to its units for one of the reporting currency.
    """

    as_of: date
    business_timezone: str = "UTC"
    source_timezone: str = "UTC"
    templates: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    named_categories: Mapping[str, str] = field(default_factory=dict)
    reference_rates: Mapping[tuple[str, date], Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """What one night found in a source's folder: table -> rows as text; no table, no file."""

    as_of: date
    known_at: datetime
    is_first_extraction: bool
    mode: str
    tables: Mapping[str, Sequence[Row]]
