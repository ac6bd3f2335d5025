"""What an org of Salesforce keeps beside its records: users, stages, statuses, currencies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tests.crm.happenings import Ref
from tests.crm.reference_data import Stage
from tests.crm.standins.salesforce_ids import make_id, whole_second
from tests.crm.standins.salesforce_schema import TYPES, Habits
from tests.crm.truth import Truth

Row = dict[str, object]
PREFIXES = {"deal": "006", "lead": "00Q"}
# Whose records they are that nobody owns: Salesforce has no record without an owner.
HOUSE_USER = 900
ORG_CURRENCY = "EUR"


class Lists:
    """The lists of an org at a moment."""

    truth: Truth
    habits: Habits
    names: dict[int, str]
    """The API name of each stage and status, by the stage's number."""

    def users(self, now: datetime) -> Iterator[Row]:
        """Give every user, those who left too."""
        roles = {str(role["Name"]): str(role["Id"]) for role in self.roles(now)}
        begin = self.truth.owners[0].since
        for owner in self.truth.owners_at(now):
            yield {
                "Id": user_id(owner.number),
                "Name": owner.name,
                "FirstName": None,
                "Email": owner.email,
                "Address": None,
                "Country": owner.region,
                "IsActive": owner.is_active,
                "UserRoleId": roles[owner.team],
                "ManagerId": None if owner.manager is None else user_id(owner.manager),
                "CreatedDate": begin,
                "CreatedById": user_id(HOUSE_USER),
                "SystemModstamp": whole_second(owner.updated_at or begin),
            }
        yield {
            **dict.fromkeys(TYPES["User"]),
            "Id": user_id(HOUSE_USER),
            "Name": "House",
            "Email": "house@company.example",
            "IsActive": True,
            "CreatedDate": begin,
            "SystemModstamp": begin,
        }

    def roles(self, now: datetime) -> Iterator[Row]:
        """Give the roles, each a team."""
        begin = self.truth.owners[0].since
        for number, team in enumerate(sorted({v.owner.team for v in self.truth.owners}), start=1):
            yield {"Id": make_id("00E", number), "Name": team, "SystemModstamp": begin}

    def groups(self, now: datetime) -> Iterator[Row]:
        """Give the queues and other groups."""
        begin = self.truth.owners[0].since
        for number, (name, kind) in enumerate((("Inbound", "Queue"), ("Everyone", "Regular")), 1):
            id_ = make_id("00G", number)
            yield {"Id": id_, "Name": name, "Type": kind, "SystemModstamp": begin}

    def record_types(self, now: datetime) -> Iterator[Row]:
        """Give the record types of opportunities."""
        lists = self.truth.stage_list_at(now)
        for pipeline in lists.of("deal"):
            yield {
                "Id": record_type_id(pipeline.number),
                "Name": pipeline.label,
                "DeveloperName": pipeline.key,
                "SobjectType": "Opportunity",
                "IsActive": True,
                "SystemModstamp": whole_second(lists.since),
            }

    def stages(self, now: datetime) -> Iterator[Row]:
        """Give every stage that ever was: one that is taken away stays, inactive."""
        newest: dict[int, tuple[Stage, datetime, bool]] = {}
        for version in self.truth.stage_lists:
            if version.since > now and newest:
                break
            newest = {number: (*told[:2], False) for number, told in newest.items()}
            for pipeline in version.of("deal"):
                for stage in pipeline.stages:
                    newest[stage.number] = (stage, version.since, True)
        for number, (stage, since, is_active) in sorted(newest.items()):
            yield {
                "Id": make_id("01J", number),
                "ApiName": self.names[number],
                "MasterLabel": stage.label,
                "SortOrder": number,
                "DefaultProbability": Decimal(stage.win_rate),
                "IsActive": is_active,
                "IsClosed": stage.category != "open",
                "IsWon": stage.category == "won",
                "SystemModstamp": whole_second(since),
            }

    def statuses(self, now: datetime) -> Iterator[Row]:
        """Give the statuses of leads."""
        lists = self.truth.stage_list_at(now)
        for pipeline in lists.of("lead"):
            for stage in pipeline.stages:
                yield {
                    "Id": make_id("01J", 10_000 + stage.number),
                    "ApiName": self.names[stage.number],
                    "MasterLabel": stage.label,
                    "SortOrder": stage.position,
                    "IsConverted": stage.category == "won",
                    "IsDefault": stage.position == 1,
                    "SystemModstamp": whole_second(lists.since),
                }

    def currencies(self, now: datetime) -> Iterator[Row]:
        """Give the currencies with the rates of today."""
        newest = {rate.currency: rate for rate in self.truth.rates_at(now)}
        base = self.truth.base_currency
        for number, code in enumerate([base, *sorted(newest)], start=1):
            yield {
                "Id": make_id("01L", number),
                "IsoCode": code,
                "ConversionRate": Decimal(1) if code == base else newest[code].rate,
                "IsActive": True,
                "IsCorporate": code == base,
                "SystemModstamp": self.truth.owners[0].since,
            }

    def rates(self, now: datetime) -> Iterator[Row]:
        """Give the dated exchange rates."""
        rates = sorted(self.truth.rates_at(now), key=lambda rate: (rate.currency, rate.day))
        for number, rate in enumerate(rates, start=1):
            later = [r.day for r in rates if r.currency == rate.currency and r.day > rate.day]
            yield {
                "Id": make_id("04w", 1 + self.truth.rates.index(rate)),
                "IsoCode": rate.currency,
                "StartDate": rate.day,
                "NextStartDate": min(later, default=None),
                "ConversionRate": rate.rate,
                "SystemModstamp": self.truth.owners[0].since + timedelta(seconds=number),
            }

    def definitions(self, now: datetime) -> Iterator[Row]:
        """Give which fields are tracked."""
        habits = self.habits
        for sobject, names, is_tracked in (
            ("Opportunity", ("OwnerId", "RecordTypeId"), habits.tracks_deals),
            ("Lead", ("Status", "OwnerId"), habits.tracks_leads),
        ):
            for name in names:
                yield {
                    "QualifiedApiName": name,
                    "EntityDefinition.QualifiedApiName": sobject,
                    "IsFieldHistoryTracked": is_tracked,
                }


def stage_names(truth: Truth) -> dict[int, str]:
    """Return the API name of each stage: its first label, which a new label does not change."""
    names: dict[int, str] = {}
    for version in truth.stage_lists:
        for pipeline in version.pipelines:
            for stage in pipeline.stages:
                names.setdefault(stage.number, stage.label)
    return names


def record_id(ref: Ref) -> str:
    """Return the id of a lead or opportunity."""
    return make_id(PREFIXES[ref.entity_type], ref.number)


def user_id(number: int | None) -> str:
    """Return the id of an owner."""
    return make_id("005", HOUSE_USER if number is None else number)


def record_type_id(number: int) -> str:
    """Return the id of the record type that stands for a pipeline."""
    return make_id("012", number)


def account_id(name: str | None) -> str | None:
    """Return the id of a company."""
    if name is None:
        return None
    return make_id("001", int(name.split()[-1]))
