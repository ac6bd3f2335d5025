"""What Salesforce can tell of the truth, and how it spells it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.crm.happenings import EntityType, Happening, Record, Ref, Value
from tests.crm.projection import Projection
from tests.crm.standins.salesforce_lists import (
    HOUSE_USER,
    ORG_CURRENCY,
    record_id,
    record_type_id,
    stage_names,
    user_id,
)
from tests.crm.truth import Truth
from tests.reference.given import Row


class SalesforceProjection(Projection):
    """A log of stages, amounts, close dates and owners of deals, and of status and owner of leads.

    Whole seconds; every record has an owner, every deal a close date and a currency; deals can't be
    merged, so that a merged one is deleted.
    """

    precision = timedelta(seconds=1)

    def __init__(self, truth: Truth) -> None:
        super().__init__(as_salesforce_holds(truth))
        self._names = stage_names(truth)
        self._numbers = {
            (pipeline.entity_type, pipeline.key, stage.key): stage.number
            for version in truth.stage_lists
            for pipeline in version.pipelines
            for stage in pipeline.stages
        }

    def id(self, ref: Ref) -> str:
        return record_id(ref)

    def owner(self, number: int | None) -> str | None:
        return None if number is None else user_id(number)

    def pipeline(self, entity_type: EntityType, key: str, at: datetime) -> str | None:
        if entity_type == "lead":
            return "main"
        return record_type_id(self.truth.stage_list_at(at).pipeline("deal", key).number)

    def stage(self, entity_type: EntityType, pipeline: str, key: str, at: datetime) -> str:
        return self._names[self._numbers[entity_type, pipeline, key]]

    def lead_row(self, record: Record) -> Row:
        return {**super().lead_row(record), "merged_into_id": self._merged_into(record)}


def as_salesforce_holds(truth: Truth) -> Truth:
    """Return the truth with what Salesforce fills in or can't keep."""
    created: dict[Ref, datetime] = {h.ref: h.at for h in truth.happenings if h.kind == "created"}
    happenings = [_held(happening, created[happening.ref].date()) for happening in truth.happenings]
    return Truth(happenings, truth.owners, truth.stage_lists, truth.rates, truth.base_currency)


def _held(happening: Happening, created_on: date) -> Happening:
    is_deal = happening.ref.entity_type == "deal"
    filled: dict[str, Value] = {"owner": HOUSE_USER}
    if is_deal:
        close_date = created_on + timedelta(days=90)
        filled = {**filled, "currency": ORG_CURRENCY, "expected_close_date": close_date}
    values: dict[str, Value] = dict(happening.values)
    for name, value in filled.items():
        if happening.kind == "created":
            values.setdefault(name, value)
        if name in values and values[name] is None:
            values[name] = value
    changed: dict[str, Any] = {"values": values}
    if is_deal and happening.kind == "merged":
        changed["kind"] = "deleted"
        values.pop("merged_into")
    return Happening(**{**vars(happening), **changed})
