"""What any night against Zoho needs: settings, extraction, and what Zoho can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orchestration.settings.crm_sources import ZohoSource
from tests.crm import accounts
from tests.crm.happenings import EntityType, Happening, Record, Ref
from tests.crm.projection import Projection, steps
from tests.crm.reference_data import StageList
from tests.crm.standin import StandIn
from tests.crm.standins.zoho_door import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.crm.standins.zoho_shapes import (
    Names,
    account_id,
    as_zoho_holds,
    pipeline_id,
    record_id,
    user_id,
)
from tests.crm.truth import Truth
from tests.reference.given import Row

SOURCE = "acme_zoho"
ENVIRONMENT = {
    "ACME_ZOHO_CLIENT_ID": CLIENT_ID,
    "ACME_ZOHO_CLIENT_SECRET": CLIENT_SECRET,
    "ACME_ZOHO_REFRESH_TOKEN": REFRESH_TOKEN,
}
SECRETS = (CLIENT_SECRET, REFRESH_TOKEN, "1000.access-token")
_KEYS = ("client_id", "client_secret", "refresh_token")
_LOST = ["Disqualified"]


def settings_toml(standin: StandIn, name: str = SOURCE, **others: str) -> str:
    """Return the account's part of the settings file."""
    lines = [f'name = "{name}"', 'type = "zoho"', f'base_url = "{standin.url}"']
    lines += [f'{key} = {{ env = "ACME_ZOHO_{key.upper()}" }}' for key in _KEYS]
    lines += [f"lost_lead_statuses = {_LOST}"]
    lines += [f'{key} = "{value}"' for key, value in others.items()]
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def source_of(standin: StandIn, **others: Any) -> ZohoSource:
    """Return the account's settings; the secrets stand in ``ENVIRONMENT``."""
    secrets = {key: {"env": f"ACME_ZOHO_{key.upper()}"} for key in _KEYS}
    common = {"name": SOURCE, "type": "zoho", "base_url": standin.url, "timeout_seconds": 2}
    return ZohoSource.model_validate(
        {**common, **secrets, "lost_lead_statuses": tuple(_LOST), **others}
    )


extracting = partial(accounts.extracting, source_of)


class ZohoProjection(Projection):
    """Deals with the periods of their stages, in no pipeline; leads as each night shows them."""

    deal_history = "rows"
    lead_history = "none"
    history_fields = ("amount", "currency", "expected_close_date")
    removal = "feed"
    tells_merges = False
    history_of_removed = False
    precision = timedelta(seconds=1)

    def __init__(self, truth: Truth, history_time: str = "entered") -> None:
        super().__init__(as_zoho_holds(truth))
        self.names = Names(self.truth)
        self.history_time = history_time

    def id(self, ref: Ref) -> str:
        return record_id(ref)

    def owner(self, number: int | None) -> str | None:
        return None if number is None else user_id(number)

    def pipeline(self, entity_type: EntityType, key: str, at: datetime) -> str | None:
        if entity_type == "lead":
            return "main"
        return pipeline_id(self.truth.stage_list_at(at).pipeline("deal", key))

    def stage(self, entity_type: EntityType, pipeline: str, key: str, at: datetime) -> str:
        if entity_type == "lead" and key == "won":
            return "converted"
        return self.names.own(entity_type, pipeline, key)

    def deal_row(self, record: Record) -> Row:
        """Return a deal: the lead that it was names it, not the other way round."""
        at = None if record.outcome == "open" else self.time(record.stage_changed_at)
        return {
            **super().deal_row(record),
            "closed_at": at,
            "lead_id": None,
            "account": account_id(record.account),
        }

    def history_rows(self, past: Sequence[Happening]) -> list[Row]:
        """Return a row for each change of stage, with the values after it."""
        rows: list[Row] = []
        last: dict[str, str | None] | None = None
        told = {row["event_id"]: row for row in super().history_rows(past)}
        for happening, _, _ in steps(past):
            row = told.get(str(happening.number))
            if row is None or (last is not None and last["stage"] == row["stage"]):
                continue
            emptied = [name for name in ("amount", "expected_close_date") if row[name] is None]
            last = {**row, "pipeline": None, "emptied": ",".join(emptied)}
            if not rows and self.history_time == "left":
                # Of the creation itself only the stage is told.
                last.update(dict.fromkeys((*self.history_fields, "emptied")))
            rows.append(last)
        return rows

    def stage_rows(self, lists: StageList) -> list[Row]:
        return [
            row if row["stage"] != "converted" else {**row, "position": "1000"}
            for row in super().stage_rows(lists)
        ]

    def owner_rows(self, now: datetime) -> list[Row]:
        return [{**row, "region": None} for row in super().owner_rows(now)]


def projection(truth: Truth, history_time: str = "entered") -> Projection:
    """Return what Zoho can tell of a company."""
    return ZohoProjection(truth, history_time)
