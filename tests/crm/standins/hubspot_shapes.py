"""How HubSpot spells a company: ids, properties, histories, stages, owners.

Endpoints belong to ``hubspot``. All values of properties are texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.crm.happenings import EntityType, Happening, Record, Ref
from tests.crm.projection import steps
from tests.crm.reference_data import LOST, WON, Owner, Pipeline, Rate, Stage
from tests.crm.truth import Truth

FIRST_ID = {"deal": 51_200_000, "lead": 73_100_000}
OBJECT_TYPES: dict[str, EntityType] = {"deals": "deal", "leads": "lead", "contacts": "lead"}
_LEAD_STAGES = {
    "fresh": "new-stage-id",
    "working": "attempting-stage-id",
    "qualified": "connected-stage-id",
    WON: "qualified-stage-id",
    LOST: "unqualified-stage-id",
}
_LIFECYCLE = {
    "fresh": "lead",
    "working": "marketingqualifiedlead",
    "qualified": "salesqualifiedlead",
    WON: "opportunity",
    LOST: "other",
}
_PIPELINES = {"new": "default", "leads": "lead-pipeline-id"}
_CLOSED = {WON: "closedwon", LOST: "closedlost"}


def as_told(truth: Truth) -> Truth:
    """Return the company as HubSpot keeps it: closing a deal sets its close date to that day, and a
    deal without a currency is in the account's."""
    happenings = []
    for happening in truth.happenings:
        values = dict(happening.values)
        if happening.ref.entity_type == "deal" and values.get("outcome", "open") != "open":
            values["expected_close_date"] = happening.at.astimezone(UTC).date()
        if happening.ref.entity_type == "deal" and happening.kind == "created":
            values["currency"] = values.get("currency") or truth.base_currency
        happenings.append(replace(happening, values=values))
    return Truth(happenings, truth.owners, truth.stage_lists, truth.rates, truth.base_currency)


# Names


def id_of(ref: Ref) -> str:
    """Return the id of a record; ids grow with their numbers."""
    return str(FIRST_ID[ref.entity_type] + ref.number)


def ref_of(entity_type: EntityType, id_: str) -> Ref | None:
    """Return the record of an id; null for an id that can't be one."""
    return Ref(entity_type, int(id_) - FIRST_ID[entity_type]) if id_.isdecimal() else None


def owner_id(number: int | None) -> str | None:
    """Return the id of an owner."""
    return None if number is None else str(7_000 + number)


def pipeline_id(key: str) -> str:
    """Return the id of a pipeline: a word for those that every account has, else a number."""
    return _PIPELINES.get(key) or str(754_000 + len(key))


def stage_id(entity_type: EntityType, pipeline: str, key: str) -> str:
    """Return the id of a stage."""
    if entity_type == "lead":
        return _LEAD_STAGES[key]
    if pipeline == "new":
        return _CLOSED.get(key, key)
    return f"{754_000 + len(pipeline)}{sum(key.encode())}"


def stamp(at: datetime) -> str:
    """Return an instant as HubSpot writes it: UTC, milliseconds."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


# Records


@dataclass(frozen=True)
class Moment:
    """What a record's properties were after one happening."""

    at: datetime
    by: int | None
    record: Record
    properties: dict[str, str | None]


def moments(past: Sequence[Happening], as_contact: bool = False) -> list[Moment]:
    """Return the properties of one record after each thing that happened to it."""
    found: list[Moment] = []
    close: datetime | None = None
    for happening, before, record in steps(past):
        is_closing = record.outcome != (before.outcome if before else "open")
        expected = record.expected_close_date
        if is_closing and record.outcome != "open" and expected == _utc(happening.at).date():
            close = happening.at
        elif before is None or before.expected_close_date != expected:
            close = _midnight(expected)
        told = _deal(record, close) if record.ref.entity_type == "deal" else _lead(record)
        if as_contact:
            told = _contact(record)
        found.append(Moment(happening.at, happening.by, record, told))
    return found


def _deal(record: Record, close: datetime | None) -> dict[str, str | None]:
    amount = record.amount
    return {
        "dealname": record.name,
        "amount": None if amount is None else f"{amount:f}",
        "deal_currency_code": record.currency,
        "pipeline": pipeline_id(record.pipeline),
        "dealstage": stage_id("deal", record.pipeline, record.place),
        "closedate": None if close is None else stamp(close),
        "createdate": stamp(record.created_at),
        "hubspot_owner_id": owner_id(record.owner),
        "hs_is_closed": str(record.outcome != "open").lower(),
        "hs_is_closed_won": str(record.outcome == "won").lower(),
        "closed_lost_reason": record.loss_reason,
        "hs_analytics_source": record.lead_source,
        "hs_merged_object_ids": None,
        "hs_lastmodifieddate": stamp(record.updated_at),
        "hs_object_id": id_of(record.ref),
        "acme_account_name": record.account,
        "acme_note": f"Größe: “{record.account}”, 5\t% \\ done",
    }


def _lead(record: Record) -> dict[str, str | None]:
    return {
        "hs_lead_name": record.name,
        "hs_lead_type": "NEW_BUSINESS",
        "hs_lead_label": "WARM",
        "hs_pipeline": pipeline_id(record.pipeline),
        "hs_pipeline_stage": stage_id("lead", record.pipeline, record.place),
        "hubspot_owner_id": owner_id(record.owner),
        "hs_createdate": stamp(record.created_at),
        "hs_lastmodifieddate": stamp(record.updated_at),
        "hs_object_id": id_of(record.ref),
        "hs_lead_source": record.lead_source,
        "acme_score": str(record.ref.number % 100),
    }


def _contact(record: Record) -> dict[str, str | None]:
    return {
        "email": f"person{record.ref.number}@customer.example",
        "firstname": "Robin",
        "lifecyclestage": _LIFECYCLE[record.place],
        "hs_lead_status": None,
        "hubspot_owner_id": owner_id(record.owner),
        "createdate": stamp(record.created_at),
        "lastmodifieddate": stamp(record.updated_at),
        "hs_object_id": id_of(record.ref),
        "hs_analytics_source": record.lead_source,
        "hs_latest_source": None,
        "hubspotscore": None,
        "num_associated_deals": "0" if record.deal is None else "1",
        "hs_merged_object_ids": None,
    }


def history_of(told: Sequence[Moment], name: str, cap: int) -> list[dict[str, Any]]:
    """Return a property's values, newest first, cut off after ``cap``; emptied is an empty text."""
    values: list[dict[str, Any]] = []
    before: str | None = None
    for moment in told:
        value = moment.properties.get(name)
        if value != before:
            values.append(
                {
                    "value": value or "",
                    "timestamp": stamp(moment.at),
                    "sourceType": "CRM_UI",
                    "sourceId": f"userId:{moment.by or 0}",
                    "updatedByUserId": moment.by or 0,
                }
            )
        before = value
    return values[::-1][:cap]


# Lists that come whole


def pipeline_json(pipeline: Pipeline, since: datetime) -> dict[str, Any]:
    """Return a pipeline with its stages."""
    return {
        "id": pipeline_id(pipeline.key),
        "label": pipeline.label,
        "displayOrder": pipeline.position - 1,
        "archived": False,
        "createdAt": "1970-01-01T00:00:00.000Z",
        "updatedAt": stamp(since),
        "stages": [_stage(pipeline, stage, since) for stage in pipeline.stages],
    }


def _stage(pipeline: Pipeline, stage: Stage, since: datetime) -> dict[str, Any]:
    is_closed = str(stage.category != "open").lower()
    metadata = {"isClosed": is_closed}
    if pipeline.entity_type == "deal":
        metadata["probability"] = str(stage.win_rate / 100)
    return {
        "id": stage_id(pipeline.entity_type, pipeline.key, stage.key),
        "label": stage.label,
        "displayOrder": stage.position - 1,
        "metadata": metadata,
        "archived": False,
        "createdAt": "1970-01-01T00:00:00.000Z",
        "updatedAt": stamp(since),
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def lifecycle_json(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the lifecycle stages as options of their property."""
    return [
        {
            "label": stage.label,
            "value": _LIFECYCLE[stage.key],
            "displayOrder": stage.position - 1,
            "hidden": False,
        }
        for stage in pipeline.stages
    ]


def owner_json(owner: Owner) -> dict[str, Any]:
    """Return an owner; one who left is archived and has no user any more."""
    first, _, last = owner.name.partition(" ")
    told: dict[str, Any] = {
        "id": owner_id(owner.number),
        "email": owner.email,
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userId": 100 + owner.number,
        "userIdIncludingInactive": 100 + owner.number,
        "createdAt": "2023-01-01T00:00:00.000Z",
        "updatedAt": stamp(owner.updated_at or datetime(2023, 1, 1, tzinfo=UTC)),
        "archived": not owner.is_active,
        "teams": [
            {"id": "1", "name": "Everybody", "primary": False},
            {"id": str(sum(owner.team.encode())), "name": owner.team, "primary": True},
        ],
    }
    if not owner.is_active:
        del told["userId"]
    return told


def rate_json(number: int, rate: Rate) -> dict[str, Any]:
    """Return a dated rate: units of the account's currency for one of the other."""
    at = stamp(datetime.combine(rate.day, time(), UTC))
    return {
        "id": str(9_000 + number),
        "fromCurrencyCode": rate.currency,
        "toCurrencyCode": rate.base,
        "conversionRate": round(float(1 / rate.rate), 10),
        "effectiveAt": at,
        "createdAt": at,
        "updatedAt": at,
        "visibleInUI": True,
    }


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


RECYCLED = timedelta(days=90)
