"""The truth in the words of 销售易 (Neocrm): ids of 16 digits, milliseconds, choices by code."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tests.crm.happenings import Record, Ref
from tests.crm.reference_data import Owner, Pipeline, Stage
from tests.crm.truth import Truth

ZONE = ZoneInfo("Asia/Shanghai")
Json = dict[str, Any]
_FIRST = {"lead": 2_904_963_000_000_000, "deal": 2_904_964_000_000_000}
_USERS, _TEAMS, _TYPES = 2_904_961_000_000_000, 2_904_962_000_000_000, 1_100_000_000_000_000
_STAGES = 1_388_000
SOURCES = ("web", "referral", "trade show", "call-in")
REASONS = ("price", "timing", "competitor", "no budget", "no answer", "by mistake")

LEAD_FIELDS = (
    *("id", "name", "companyName", "ownerId", "status", "leadSourceId", "highSeaStatus"),
    *("entityType", "opportunityId", "accountId", "createdAt", "updatedAt", "createdBy"),
)
DEAL_FIELDS = (
    *("id", "opportunityName", "accountId", "ownerId", "entityType", "money", "saleStageId"),
    *("lostStageId", "winRate", "status", "reason", "closeDate", "stageUpdatedAt", "leadId"),
    *("leadSourceId", "lockStatus", "createdAt", "updatedAt", "customItem1__c"),
)
USER_FIELDS = ("id", "name", "phone", "status", "dimDepart", "createdAt", "updatedAt")
TEAM_FIELDS = ("id", "departName", "parentDepartId")
FIELDS = {
    "lead": LEAD_FIELDS,
    "opportunity": DEAL_FIELDS,
    "user": USER_FIELDS,
    "department": TEAM_FIELDS,
}
# Described, but no query can select them.
UNREADABLE = {"lead": "activityRecords", "opportunity": "contactRoles"}


def id_of(ref: Ref) -> int:
    """Return the id of a lead or deal."""
    return _FIRST[ref.entity_type] + 1009 * ref.number


def user_id(number: int) -> int:
    """Return the id of an owner."""
    return _USERS + number


def type_id(number: int) -> int:
    """Return the id of the business type that stands for a pipeline."""
    return _TYPES + number


def stage_id(number: int) -> int:
    """Return the id of a stage."""
    return _STAGES + number


def millis(at: datetime) -> int:
    """Return an instant in milliseconds since 1970, cut off."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def midnight(day: date) -> int:
    """Return the first millisecond of a day in Shanghai."""
    return millis(datetime.combine(day, time(), ZONE))


class Shapes:
    """Makes records of one company, with picklists as the account has them."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.names_choices = True
        self._pipelines: dict[tuple[str, str], Pipeline] = {}
        self._stages: dict[tuple[str, str, str], Stage] = {}
        self._teams = sorted({version.owner.team for version in truth.owners})
        for version in truth.stage_lists:
            for pipeline in version.pipelines:
                self._pipelines.setdefault((pipeline.entity_type, pipeline.key), pipeline)
                for stage in pipeline.stages:
                    key = (pipeline.entity_type, pipeline.key, stage.key)
                    self._stages.setdefault(key, stage)

    def pipeline(self, key: str) -> int:
        """Return the id of the business type of a pipeline of deals."""
        return type_id(self._pipelines["deal", key].number)

    def stage(self, pipeline: str, key: str) -> int:
        """Return the id of a stage of deals, also of one that is no longer listed."""
        return stage_id(self._stages["deal", pipeline, key].number)

    def status(self, pipeline: str, key: str) -> int:
        """Return the code of a status of leads."""
        return self._stages["lead", pipeline, key].position

    def lead(self, record: Record) -> Json:
        """Return a lead."""
        stage = self._stages["lead", record.pipeline, record.place]
        return {
            "id": id_of(record.ref),
            "name": record.name,
            "companyName": record.account,
            "ownerId": None if record.owner is None else user_id(record.owner),
            "status": self._choice(stage.position, stage.label),
            "leadSourceId": self._of(SOURCES, record.lead_source),
            "highSeaStatus": self._choice(1, "Claimed"),
            "entityType": type_id(90),
            "opportunityId": None if record.deal is None else id_of(Ref("deal", record.deal)),
            "accountId": None,
            "createdAt": millis(record.created_at),
            "updatedAt": millis(record.updated_at),
            "createdBy": user_id(1),
        }

    def deal(self, record: Record) -> Json:
        """Return an opportunity; its amount is in the tenant's currency, whatever was meant."""
        stage = self._stages["deal", record.pipeline, record.place]
        day = record.expected_close_date
        return {
            "id": id_of(record.ref),
            "opportunityName": record.name,
            "accountId": None,
            "ownerId": None if record.owner is None else user_id(record.owner),
            "entityType": self.pipeline(record.pipeline),
            "money": None if record.amount is None else float(record.amount),
            "saleStageId": stage_id(stage.number),
            "lostStageId": None,
            "winRate": stage.win_rate,
            "status": self._choice(1, "Normal"),
            "reason": self._of(REASONS, record.loss_reason),
            "closeDate": None if day is None else midnight(day),
            "stageUpdatedAt": millis(record.stage_changed_at),
            "leadId": None if record.lead is None else id_of(Ref("lead", record.lead)),
            "leadSourceId": self._of(SOURCES, record.lead_source),
            "lockStatus": self._choice(1, "Open"),
            "createdAt": millis(record.created_at),
            "updatedAt": millis(record.updated_at),
            "customItem1__c": "自定义",
        }

    def user(self, owner: Owner) -> Json:
        """Return a user."""
        at = None if owner.updated_at is None else millis(owner.updated_at)
        return {
            "id": user_id(owner.number),
            "name": owner.name,
            "phone": None,
            "status": self._choice(int(owner.is_active), "激活" if owner.is_active else "停用"),
            "dimDepart": self.team_id(owner.team),
            "createdAt": at,
            "updatedAt": at,
        }

    def team_id(self, name: str) -> int:
        """Return the id of a department."""
        return _TEAMS + self._teams.index(name)

    def teams(self) -> list[Json]:
        """Return the departments."""
        return [
            {"id": self.team_id(name), "departName": name, "parentDepartId": _TEAMS - 1}
            for name in self._teams
        ]

    def business_type(self, pipeline: Pipeline) -> Json:
        """Return the business type that stands for a pipeline."""
        return {
            "id": type_id(pipeline.number),
            "apiKey": f"{pipeline.key}__c",
            "label": pipeline.label,
        }

    def described(self, object_key: str, leads: Pipeline) -> list[Json]:
        """Return what is said of an object's fields."""
        statuses = sorted(leads.stages, key=lambda stage: stage.position)
        choices = {
            "status": [(s.position, s.label) for s in statuses] if object_key == "lead" else [],
            "leadSourceId": list(enumerate(SOURCES, start=1)),
            "reason": list(enumerate(REASONS, start=1)),
        }
        fields = [
            {
                "apiKey": name,
                "label": name.capitalize(),
                "type": "picklist" if choices.get(name) else "text",
                "itemType": None,
                "required": name == "id",
                "selectitem": [
                    {"value": code, "label": label, "apiKey": f"c{code}", "isActive": True}
                    for code, label in choices.get(name, [])
                ],
                "checkitem": [],
            }
            for name in FIELDS[object_key]
        ]
        return [*fields, {"apiKey": UNREADABLE[object_key], "type": "relation_list"}]

    def _of(self, names: tuple[str, ...], name: str | None) -> Any:
        return None if name is None else self._choice(names.index(name) + 1, name)

    def _choice(self, code: int, label: str) -> Any:
        return [label] if self.names_choices else code
