"""What any night against 销售易 (Neocrm) needs: settings, extraction, and what it can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orchestration.settings.crm_sources import NeocrmSource
from tests.crm import accounts
from tests.crm.happenings import EntityType, Record, Ref
from tests.crm.projection import CrmNight, SnapshotProjection
from tests.crm.reference_data import StageList
from tests.crm.standin import StandIn
from tests.crm.standins import neocrm as standins
from tests.crm.standins.neocrm_shapes import Shapes, id_of, stage_id, type_id, user_id
from tests.crm.truth import Truth
from tests.reference.given import Delivery, Row

SOURCE = "xsy"
CURRENCY = "EUR"
ENVIRONMENT = {
    "XSY_CLIENT_ID": standins.CLIENT_ID,
    "XSY_CLIENT_SECRET": standins.CLIENT_SECRET,
    "XSY_USERNAME": standins.USERNAME,
    "XSY_PASSWORD": standins.PASSWORD,
    "XSY_SECURITY_TOKEN": standins.SECURITY_TOKEN,
}
SECRETS = (
    *(standins.CLIENT_SECRET, standins.PASSWORD, standins.SECURITY_TOKEN),
    "neo-access-token",
)
CLOSED = {"won_stages": ["Closed Won", "Renewed"], "lost_stages": ["Closed Lost", "Churned"]}


def settings_toml(standin: StandIn) -> str:
    """Return the tenant's part of the settings file."""
    lines = [f'name = "{SOURCE}"', 'type = "neocrm"', f'base_url = "{standin.url}"']
    lines += [f'{name[4:].lower()} = {{ env = "{name}" }}' for name in ENVIRONMENT]
    lines += [f'currency = "{CURRENCY}"', *(f"{key} = {names}" for key, names in CLOSED.items())]
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def source_of(standin: StandIn, **others: Any) -> NeocrmSource:
    """Return the tenant's settings; the secrets stand in ``ENVIRONMENT``."""
    secrets = {name[4:].lower(): {"env": name} for name in ENVIRONMENT}
    common = {"name": SOURCE, "type": "neocrm", "base_url": standin.url, "currency": CURRENCY}
    return NeocrmSource.model_validate({**common, **secrets, **CLOSED, **others})


extracting = partial(accounts.extracting, source_of)


class NeocrmProjection(SnapshotProjection):
    """Records as each night shows them, and since when an opportunity is in its stage.

    What was passed between two nights, values before and times of removal are not told.
    """

    precision = timedelta(milliseconds=1)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.shapes = Shapes(truth)

    def id(self, ref: Ref) -> str:
        return str(id_of(ref))

    def owner(self, number: int | None) -> str | None:
        return None if number is None else str(user_id(number))

    def pipeline(self, entity_type: EntityType, key: str, at: datetime) -> str | None:
        return "leads" if entity_type == "lead" else str(self.shapes.pipeline(key))

    def stage(self, entity_type: EntityType, pipeline: str, key: str, at: datetime) -> str:
        if entity_type == "deal":
            return str(self.shapes.stage(pipeline, key))
        return "converted" if key == "won" else str(self.shapes.status(pipeline, key))

    def deliveries(self, nights: Sequence[CrmNight]) -> list[Delivery]:
        found: list[Delivery] = []
        for number, night in enumerate(nights):
            at = night.starts_at
            lists = {
                "stages": self.stage_rows(self.truth.stage_list_at(at)),
                "owners": self.owner_rows(at),
            }
            records = self.record_tables(at)
            entries = {"stage_history": self.entries(at)}
            for mode, tables in (("full", lists), ("full", records), ("changes", entries)):
                found.append(Delivery(night.as_of, at, number == 0, mode, tables))
        return found

    def entries(self, now: datetime) -> list[Row]:
        """Return since when each opportunity that can be read is in its stage."""
        return [
            {
                "entity_type": "deal",
                "entity_id": self.id(record.ref),
                "pipeline": self.pipeline("deal", record.pipeline, now),
                "stage": self.stage("deal", record.pipeline, record.place, now),
                "entered_at": self.time(record.stage_changed_at),
                "is_inferred": "true",
            }
            for record in self.view.records("deal", now)
            if self.shows(record)
        ]

    def deal_row(self, record: Record) -> Row:
        told = super().deal_row(record)
        return {**told, "currency": CURRENCY, "closed_at": None, "merged_into_id": None}

    def lead_row(self, record: Record) -> Row:
        return {**super().lead_row(record), "converted_at": None}

    def stage_rows(self, lists: StageList) -> list[Row]:
        rows: list[Row] = []
        for pipeline in lists.of("deal"):
            for stage in pipeline.stages:
                row = _stage("deal", str(type_id(pipeline.number)), stage.position, stage.category)
                rows.append({**row, "stage": str(stage_id(stage.number))})
        for pipeline in lists.of("lead"):
            for stage in pipeline.stages:
                is_won = stage.category == "won"
                row = _stage("lead", "leads", 1000 if is_won else stage.position, stage.category)
                rows.append({**row, "stage": "converted" if is_won else str(stage.position)})
        return rows

    def owner_rows(self, now: datetime) -> list[Row]:
        told = super().owner_rows(now)
        return [{**row, "manager_id": None, "region": None} for row in told]


def projection(truth: Truth) -> NeocrmProjection:
    """Return what 销售易 can tell of a company."""
    return NeocrmProjection(truth)


def _stage(entity_type: str, pipeline: str, position: int, category: str) -> Row:
    return {
        "entity_type": entity_type,
        "pipeline": pipeline,
        "position": str(position),
        "category": category,
    }
