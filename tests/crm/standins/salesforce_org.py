"""A Salesforce org made of the known truth: its objects, their fields and their rows by time.

Queries, paging and HTTP belong to the other modules; here is only what the org holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tests.crm.happenings import EntityType, Happening, Record, Ref
from tests.crm.reference_data import Stage
from tests.crm.standins.salesforce_ids import MASTER_RECORD_TYPE, make_id, whole_second
from tests.crm.standins.salesforce_lists import (
    ORG_CURRENCY,
    Lists,
    Row,
    account_id,
    record_id,
    record_type_id,
    stage_names,
    user_id,
)
from tests.crm.standins.salesforce_schema import TYPES, Habits
from tests.crm.truth import Truth, applied
from tests.crm.view import View


class Org(Lists):
    """What an org holds at a moment. Rows have every field; who may see which is ``types``."""

    def __init__(self, truth: Truth, habits: Habits | None = None) -> None:
        self.truth = truth
        self.view = View(truth)
        self.habits = habits or Habits()
        self.names = stage_names(truth)

    def types(self, sobject: str) -> dict[str, str] | None:
        """Return the fields of an object that the login sees; null if there is no such object."""
        habits = self.habits
        is_there = {
            "CurrencyType": habits.several_currencies,
            "DatedConversionRate": habits.several_currencies and habits.dated_rates,
            "OpportunityFieldHistory": habits.tracks_deals,
            "LeadHistory": habits.tracks_leads,
        }
        if sobject not in TYPES or not is_there.get(sobject, True):
            return None
        types = {**TYPES[sobject], **habits.more_fields.get(sobject, {})}
        if not habits.several_currencies:
            types.pop("CurrencyIsoCode", None)
        return {n: t for n, t in types.items() if f"{sobject}.{n}" not in habits.hidden}

    def rows(self, sobject: str, now: datetime) -> Iterable[Row]:
        """Return an object's rows, deleted ones too."""
        readers: dict[str, Callable[[datetime], Iterable[Row]]] = {
            "Opportunity": lambda now: map(self._deal, self._kept("deal", now)),
            "Lead": lambda now: map(self._lead, self._kept("lead", now)),
            "OpportunityHistory": lambda now: self._of_each("deal", now, self._history),
            "OpportunityFieldHistory": lambda now: self._of_each("deal", now, self._tracked),
            "LeadHistory": lambda now: self._of_each("lead", now, self._tracked),
            "User": self.users,
            "UserRole": self.roles,
            "Group": self.groups,
            "RecordType": self.record_types,
            "OpportunityStage": self.stages,
            "LeadStatus": self.statuses,
            "CurrencyType": self.currencies,
            "DatedConversionRate": self.rates,
            "FieldDefinition": self.definitions,
        }
        return readers[sobject](now)

    def deleted(self, kind: EntityType, now: datetime) -> list[tuple[str, datetime]]:
        """Return the ids of deleted records with their times, purged ones too."""
        found = [
            (record_id(record.ref), whole_second(record.deleted_at))
            for record in self.view.records(kind, now)
            if record.deleted_at is not None
        ]
        return sorted(found, key=lambda pair: pair[1])

    def picklist(self, record_type: str, now: datetime) -> list[Row] | None:
        """Return the stages that a record type offers; null for an unknown record type."""
        lists = self.truth.stage_list_at(now)
        for pipeline in lists.of("deal"):
            if record_type in (record_type_id(pipeline.number), MASTER_RECORD_TYPE):
                if record_type == MASTER_RECORD_TYPE:
                    stages = [stage for each in lists.of("deal") for stage in each.stages]
                else:
                    stages = sorted(pipeline.stages, key=lambda stage: stage.position)
                return [self._option(stage) for stage in stages]
        return None

    def _option(self, stage: Stage) -> Row:
        return {
            "attributes": {
                "closed": stage.category != "open",
                "defaultProbability": float(stage.win_rate),
                "forecastCategoryName": "Pipeline",
                "picklistAtrributesValueType": "OpportunityStage",
                "won": stage.category == "won",
            },
            "label": stage.label,
            "validFor": [],
            "value": self.names[stage.number],
        }

    # Leads and opportunities.

    def _kept(self, kind: EntityType, now: datetime) -> Iterator[Record]:
        purged_after = self.habits.purged_after
        for record in self.view.records(kind, now):
            is_purged = (
                purged_after is not None
                and record.deleted_at is not None
                and record.deleted_at + purged_after <= now
            )
            if not is_purged:
                yield record

    def _deal(self, record: Record) -> Row:
        reading = _Deal(self, record, record.updated_at)
        return {
            "Id": record_id(record.ref),
            "IsDeleted": record.is_deleted,
            "AccountId": account_id(record.account),
            "RecordTypeId": reading.record_type,
            "Name": record.name,
            "StageName": reading.stage_name,
            "Amount": record.amount,
            "Probability": reading.probability,
            "CloseDate": reading.close_date,
            "LeadSource": record.lead_source,
            "IsClosed": record.outcome != "open",
            "IsWon": record.outcome == "won",
            "OwnerId": user_id(record.owner),
            **_system(record),
            "LastModifiedDate": whole_second(record.updated_at),
            "LastStageChangeDate": whole_second(record.stage_changed_at),
            "Loss_Reason__c": record.loss_reason,
            "Site__c": None,
            "Site__Latitude__s": None,
            "CurrencyIsoCode": record.currency or ORG_CURRENCY,
        }

    def _lead(self, record: Record) -> Row:
        is_converted = record.outcome == "won"
        return {
            "Id": record_id(record.ref),
            "IsDeleted": record.is_deleted,
            "MasterRecordId": None
            if record.merged_into is None
            else record_id(Ref("lead", record.merged_into)),
            "LastName": record.name,
            "FirstName": None,
            "Name": record.name,
            "Company": record.account or "[not provided]",
            "Address": None,
            "Country": None,
            "LeadSource": record.lead_source,
            "Status": self._status(record),
            "OwnerId": user_id(record.owner),
            "IsConverted": is_converted,
            "ConvertedDate": record.closed_at.date() if is_converted and record.closed_at else None,
            "ConvertedOpportunityId": None
            if record.deal is None
            else record_id(Ref("deal", record.deal)),
            **_system(record),
            "CurrencyIsoCode": ORG_CURRENCY,
        }

    def _status(self, record: Record) -> str:
        lists = self.truth.stage_list_at(record.updated_at)
        stage = lists.pipeline("lead", record.pipeline).stage(record.place)
        return self.names[stage.number]

    def _of_each(
        self,
        kind: EntityType,
        now: datetime,
        read: Callable[[Record, Sequence[Happening]], Iterator[Row]],
    ) -> Iterator[Row]:
        for record in self._kept(kind, now):
            yield from read(record, self.view.happenings(record.ref, now))

    def _history(self, record: Record, past: Sequence[Happening]) -> Iterator[Row]:
        """Give a row for each change of stage, amount, close date or probability."""
        before: tuple[object, ...] | None = None
        for happening, _, state in steps(past):
            reading = _Deal(self, state, happening.at)
            values = (reading.stage_name, state.amount, reading.close_date, reading.probability)
            if values == before:
                continue
            before = values
            yield {
                "Id": make_id("008", 10 * happening.number),
                "OpportunityId": record_id(record.ref),
                "StageName": reading.stage_name,
                "Amount": state.amount,
                "Probability": reading.probability,
                "CloseDate": reading.close_date,
                "IsDeleted": record.is_deleted,
                "CreatedDate": whole_second(happening.at),
                "CreatedById": user_id(happening.by),
                "SystemModstamp": whole_second(happening.at),
                "CurrencyIsoCode": state.currency or ORG_CURRENCY,
            }

    def _tracked(self, record: Record, past: Sequence[Happening]) -> Iterator[Row]:
        kind = record.ref.entity_type
        parent = "OpportunityId" if kind == "deal" else "LeadId"
        for happening, before, state in steps(past):
            for place, told in enumerate(self._changes(before, state)):
                name, type_, old, new = told
                yield {
                    "Id": make_id("017", 10 * happening.number + place),
                    "IsDeleted": record.is_deleted,
                    parent: record_id(record.ref),
                    "CreatedById": user_id(happening.by),
                    "CreatedDate": whole_second(happening.at),
                    "Field": name,
                    "DataType": type_,
                    "OldValue": old,
                    "NewValue": new,
                }

    def _changes(
        self, before: Record | None, after: Record
    ) -> Iterator[tuple[str, str, object, object]]:
        """Give field, type, old and new value of each entry; lookups have two, names and ids."""
        kind = after.ref.entity_type
        if before is None:
            yield "created", "Text", None, None
            return
        if kind == "lead" and self._status(before) != self._status(after):
            yield "Status", "DynamicEnum", self._status(before), self._status(after)
            if after.outcome == "won":
                yield "leadConverted", "Text", None, None
        if kind == "deal":
            old, new = _Deal(self, before, before.updated_at), _Deal(self, after, after.updated_at)
            if old.stage_name != new.stage_name:
                yield "StageName", "DynamicEnum", old.stage_name, new.stage_name
            if before.amount != after.amount:
                yield "Amount", "Currency", before.amount, after.amount
            if old.record_type != new.record_type:
                yield "RecordType", "Text", before.pipeline, after.pipeline
                yield "RecordType", "EntityId", old.record_type, new.record_type
        if user_id(before.owner) != user_id(after.owner):
            yield "Owner", "Text", f"Owner {before.owner}", f"Owner {after.owner}"
            yield "Owner", "EntityId", user_id(before.owner), user_id(after.owner)

    def stage_name(self, record: Record, at: datetime) -> Stage:
        """Return the stage of a record as of a moment."""
        return find_stage(self.truth, record, at)


class _Deal:
    """An opportunity's fields that follow from a record and a moment."""

    def __init__(self, org: Org, record: Record, at: datetime) -> None:
        stage = org.stage_name(record, at)
        pipeline = org.truth.stage_list_at(at).pipeline("deal", record.pipeline)
        self.stage_name = org.names[stage.number]
        self.probability = Decimal(stage.win_rate)
        self.record_type = record_type_id(pipeline.number)
        # Salesforce demands a close date; without one of ours it is ninety days after creation.
        self.close_date = record.expected_close_date or (
            record.created_at.date() + timedelta(days=90)
        )


def find_stage(truth: Truth, record: Record, at: datetime) -> Stage:
    """Return a record's stage as listed at a moment, or where it was listed last."""
    kind = record.ref.entity_type
    past = [version for version in truth.stage_lists if version.since <= at]
    for version in reversed(past or truth.stage_lists[:1]):
        try:
            return version.pipeline(kind, record.pipeline).stage(record.place)
        except KeyError:
            continue
    raise KeyError(f"{record.ref} is in the unknown stage {record.place}")


def steps(past: Iterable[Happening]) -> Iterator[tuple[Happening, Record | None, Record]]:
    """Give each happening of one record with the record before (null: none yet) and after it."""
    record: Record | None = None
    for happening in past:
        before, record = record, applied(record, happening)
        yield happening, before, record


def _system(record: Record) -> Row:
    return {
        "CreatedDate": whole_second(record.created_at),
        "CreatedById": user_id(record.owner),
        "SystemModstamp": whole_second(record.updated_at),
    }
