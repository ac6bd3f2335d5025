"""Nights of HubSpot against its stand-in, and what HubSpot can tell of the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orchestration.settings import HubspotSource
from tests.crm import accounts
from tests.crm.happenings import EntityType, Happening, Record, Ref
from tests.crm.projection import Projection
from tests.crm.standin import StandIn
from tests.crm.standins import hubspot_account as standins
from tests.crm.standins import hubspot_shapes as shapes
from tests.crm.truth import Truth
from tests.reference.given import Delivery, Row

SOURCE = "hub"
STATIC = {"access_token": {"env": "HUBSPOT_TOKEN"}}
OAUTH = {
    "client_id": {"env": "HUBSPOT_CLIENT"},
    "client_secret": {"env": "HUBSPOT_SECRET"},
    "refresh_token": {"env": "HUBSPOT_REFRESH"},
}
ENVIRONMENT = {
    "HUBSPOT_TOKEN": standins.STATIC_TOKEN,
    "HUBSPOT_CLIENT": standins.CLIENT_ID,
    "HUBSPOT_SECRET": standins.CLIENT_SECRET,
    "HUBSPOT_REFRESH": standins.REFRESH_TOKEN,
}
SECRETS = (
    *(standins.STATIC_TOKEN, standins.CLIENT_SECRET, standins.REFRESH_TOKEN),
    "access-standin-",
)


def settings_toml(standin: StandIn, name: str = SOURCE) -> str:
    """Return the account's part of the settings file."""
    lines = [f'name = "{name}"', 'type = "hubspot"', f'base_url = "{standin.url}"']
    lines.append('access_token = { env = "HUBSPOT_TOKEN" }')
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def source_of(standin: StandIn, **options: Any) -> HubspotSource:
    """Return the settings of an account of the stand-in; with a static token unless told."""
    keys = options if "client_id" in options else {**STATIC, **options}
    told = {"name": SOURCE, "type": "hubspot", "base_url": standin.url, "timeout_seconds": 2}
    return HubspotSource.model_validate({**told, **keys})


extracting = partial(accounts.extracting, source_of)


class HubspotProjection(Projection):
    """HubSpot tells every change of stage, pipeline, owner and deal values, to the millisecond.

    A deal that was merged away tells nothing more: what happened to it since the night before is
    lost, and one that no night saw is never known.
    """

    deal_history = "changes"
    lead_history = "changes"
    has_old_values = False
    logs_creation = True
    precision = timedelta(milliseconds=1)

    def __init__(self, truth: Truth) -> None:
        super().__init__(shapes.as_told(truth))
        self._seen: Mapping[Ref, tuple[Record, datetime]] = {}

    def id(self, ref: Ref) -> str:
        return shapes.id_of(ref)

    def owner(self, number: int | None) -> str | None:
        return shapes.owner_id(number)

    def pipeline(self, entity_type: EntityType, key: str, at: datetime) -> str | None:
        return shapes.pipeline_id(key)

    def stage(self, entity_type: EntityType, pipeline: str, key: str, at: datetime) -> str:
        return shapes.stage_id(entity_type, pipeline, key)

    def deliveries(self, nights: Any) -> list[Delivery]:
        self._seen = {}
        return super().deliveries(nights)

    def record_tables(self, now: datetime) -> dict[str, list[Row]]:
        rows: list[Row] = []
        seen = dict(self._seen)
        for record in self.view.records("deal", now):
            if record.merged_into is None:
                seen[record.ref] = (record, now)
                rows.append(self.deal_row(record))
            elif record.ref in seen:
                last, _ = seen[record.ref]
                gone = {"deleted_at": record.deleted_at, "merged_into": record.merged_into}
                merged = replace(last, updated_at=record.updated_at, **gone)
                rows.append(self.deal_row(merged))
        self._seen = seen
        leads = [self.lead_row(record) for record in self.view.records("lead", now)]
        return {"deals": rows, "leads": leads}

    def past_tables(self, now: datetime) -> dict[str, list[Row]]:
        rows: list[Row] = []
        for entity_type in ("deal", "lead"):
            for record in self.view.records(entity_type, now):  # type: ignore[arg-type]
                until = now
                if entity_type == "deal" and record.merged_into is not None:
                    if record.ref not in self._seen:
                        continue
                    until = self._seen[record.ref][1]
                rows.extend(self.change_rows(self.view_until(record.ref, until)))
        return {"changes": rows}

    def view_until(self, ref: Ref, until: datetime) -> list[Happening]:
        """Return what could be seen of a record at a moment of the past."""
        return [h for h in self.truth.happenings_of(ref) if h.visible_at <= until]

    def owner_rows(self, now: datetime) -> list[Row]:
        return [{**row, "manager_id": None, "region": None} for row in super().owner_rows(now)]
