"""What any night against Pipedrive needs: settings, extraction, and what Pipedrive can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orchestration.settings.crm_sources import PipedriveSource
from tests.crm import accounts
from tests.crm.happenings import EntityType, Happening, Record, Ref
from tests.crm.projection import CrmNight, Projection
from tests.crm.reference_data import StageList
from tests.crm.standin import StandIn
from tests.crm.standins.pipedrive import API_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.crm.standins.pipedrive_records import Numbers, is_archived_lead, is_listed_lead, lead_id
from tests.crm.truth import Truth
from tests.reference.given import Delivery, Row

SOURCE = "acme_pd"
ENVIRONMENT = {
    "ACME_PD_TOKEN": API_TOKEN,
    "ACME_PD_CLIENT_ID": CLIENT_ID,
    "ACME_PD_CLIENT_SECRET": CLIENT_SECRET,
    "ACME_PD_REFRESH_TOKEN": REFRESH_TOKEN,
}
SECRETS = (API_TOKEN, CLIENT_SECRET, REFRESH_TOKEN, "v1u:access-token")
_OAUTH = ("client_id", "client_secret", "refresh_token")


def settings_toml(standin: StandIn) -> str:
    """Return the account's part of the settings file."""
    lines = [f'name = "{SOURCE}"', 'type = "pipedrive"', f'base_url = "{standin.url}"']
    lines += [f'{key} = {{ env = "ACME_PD_{key.upper()}" }}' for key in _OAUTH]
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def source_of(standin: StandIn, *, by_token: bool = False, **others: Any) -> PipedriveSource:
    """Return the account's settings; the secrets stand in ``ENVIRONMENT``."""
    keys = {"api_token": "ACME_PD_TOKEN"}
    if not by_token:
        keys = {key: f"ACME_PD_{key.upper()}" for key in _OAUTH}
    secrets = {key: {"env": name} for key, name in keys.items()}
    common = {"name": SOURCE, "type": "pipedrive", "base_url": standin.url}
    return PipedriveSource.model_validate({**common, **secrets, **others})


extracting = partial(accounts.extracting, source_of)


class PipedriveProjection(Projection):
    """Deals with their whole log; leads as each night shows them, gone once they became a deal."""

    deal_history = "changes"
    has_status = True
    lead_history = "none"
    tells_merges = False
    precision = timedelta(seconds=1)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.numbers = Numbers(truth)

    def id(self, ref: Ref) -> str:
        return str(ref.number) if ref.entity_type == "deal" else lead_id(ref.number)

    def owner(self, number: int | None) -> str | None:
        return None if number is None else str(number)

    def pipeline(self, entity_type: EntityType, key: str, at: datetime) -> str | None:
        return "leads" if entity_type == "lead" else str(self.numbers.pipeline(key))

    def stage(self, entity_type: EntityType, pipeline: str, key: str, at: datetime) -> str:
        if entity_type == "deal" and key not in ("won", "lost"):
            return str(self.numbers.stage(pipeline, key))
        return key

    def deliveries(self, nights: Sequence[CrmNight]) -> list[Delivery]:
        found: list[Delivery] = []
        seen: dict[Ref, Row] = {}
        for number, night in enumerate(nights):
            at = night.starts_at
            lists = {
                "stages": self.stage_rows(self.truth.stage_list_at(at)),
                "owners": self.owner_rows(at),
            }
            for mode, tables in (
                ("full", lists),
                ("full", {"leads": self._leads(at, seen)}),
                ("changes", {"deals": self.record_tables(at)["deals"], **self.past_tables(at)}),
            ):
                found.append(Delivery(night.as_of, at, number == 0, mode, tables))
        return found

    def record_tables(self, now: datetime) -> dict[str, list[Row]]:
        """Return the deals: a closed one still tells its stage, if its log has the closing."""
        deals: list[Row] = []
        for record in self.view.records("deal", now):
            past = self.view.happenings(record.ref, now)
            stage = None
            if any(row["field"] == "status" for row in self.change_rows(past)):
                stage = self.stage("deal", record.pipeline, record.stage, record.updated_at)
            deals.append({**self.deal_row(record), "created_stage": stage})
        return {"deals": deals}

    def change_rows(self, past: Sequence[Happening]) -> list[Row]:
        """Return the changes in the order of the log, and that it was read."""
        id = self.id(past[0].ref)
        read = {
            "record_id": f"{id}|read",
            "entity_type": "deal",
            "entity_id": id,
            "field": None,
            "changed_at": self.time(past[0].at),
            "history_is_complete": "true",
        }
        return [read, *({**row, "change_number": None} for row in super().change_rows(past))]

    def _leads(self, now: datetime, seen: dict[Ref, Row]) -> list[Row]:
        """Return the leads that are there, and those that a deal says it was made of.

        A converted lead keeps what the last night saw of it: ``seen``, which is kept up here.
        """
        rows: list[Row] = []
        for record in self.view.records("lead", now):
            if is_listed_lead(record):
                seen[record.ref] = self.lead_row(record)
                rows.append(seen[record.ref])
        for deal in self.view.records("deal", now):
            if deal.lead is None:
                continue
            ref = Ref("lead", deal.lead)
            last: Row = seen.get(ref, {})
            at = self.time(deal.created_at)
            rows.append(
                {
                    "lead_id": self.id(ref),
                    "pipeline": "leads",
                    "status": "converted",
                    "created_at": last.get("created_at"),
                    "converted_at": at,
                    "converted_deal_id": self.id(deal.ref),
                    "updated_at": at,
                    "owner_id": last.get("owner_id"),
                    "is_deleted": "false",
                }
            )
        return rows

    def lead_row(self, record: Record) -> Row:
        updated_at = record.updated_at
        created_at = record.created_at
        return {
            "lead_id": self.id(record.ref),
            "pipeline": "leads",
            "status": "archived" if is_archived_lead(record) else "open",
            "created_at": _millis(created_at),
            "converted_at": None,
            "converted_deal_id": None,
            "updated_at": _millis(updated_at),
            "owner_id": self.owner(record.owner),
            "is_deleted": "false",
        }

    def stage_rows(self, lists: StageList) -> list[Row]:
        rows: list[Row] = []
        for place, (stage, category) in enumerate(
            (("open", "open"), ("converted", "won"), ("archived", "lost")), start=1
        ):
            rows.append(_stage("lead", "leads", stage, place, category))
        for pipeline in lists.of("deal"):
            for stage_ in pipeline.open_stages:
                rows.append(
                    _stage(
                        "deal",
                        str(pipeline.number),
                        str(stage_.number),
                        stage_.position,
                        "open",
                    )
                )
            rows.append(_stage("deal", str(pipeline.number), "won", 1001, "won"))
            rows.append(_stage("deal", str(pipeline.number), "lost", 1002, "lost"))
        return rows

    def owner_rows(self, now: datetime) -> list[Row]:
        told = super().owner_rows(now)
        return [{**row, "team": None, "manager_id": None, "region": None} for row in told]


def projection(truth: Truth) -> Projection:
    """Return what Pipedrive can tell of a company."""
    return PipedriveProjection(truth)


def _millis(at: datetime) -> str:
    return at.replace(microsecond=at.microsecond // 1000 * 1000).isoformat()


def _stage(entity_type: str, pipeline: str, stage: str, position: int, category: str) -> Row:
    return {
        "entity_type": entity_type,
        "pipeline": pipeline,
        "stage": stage,
        "position": str(position),
        "category": category,
    }
