"""The known truth in Pipedrive's shapes: deals, leads, logs of changes, stages, users.

Spelling only; which request gets what is decided in ``pipedrive``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.crm.happenings import Happening, Record, Value
from tests.crm.projection import steps
from tests.crm.reference_data import Owner, Pipeline, Stage
from tests.crm.truth import Truth

Json = dict[str, Any]

# Field keys of the log, which has the older names of fields.
_LOGGED = (
    *(("pipeline", "pipeline"), ("stage", "stage_id"), ("outcome", "status")),
    *(("amount", "value"), ("currency", "currency"), ("owner", "user_id")),
    *(("expected_close_date", "expected_close_date"), ("loss_reason", "lost_reason")),
)
CUSTOM_FIELD = "dcf558aac1ae4e8c4f849ba5e668430d8df9be12"


class Numbers:
    """The numbers of pipelines and stages, those of withdrawn ones too."""

    def __init__(self, truth: Truth) -> None:
        self.pipelines: dict[tuple[str, str], int] = {}
        self.stages: dict[tuple[str, str], int] = {}
        for version in truth.stage_lists:
            for pipeline in version.of("deal"):
                self.pipelines["deal", pipeline.key] = pipeline.number
                for stage in pipeline.stages:
                    self.stages[pipeline.key, stage.key] = stage.number

    def pipeline(self, key: str) -> int:
        """Return the id of a pipeline of deals."""
        return self.pipelines["deal", key]

    def stage(self, pipeline: str, key: str) -> int:
        """Return the id of a stage of deals."""
        return self.stages[pipeline, key]


def lead_id(number: int) -> str:
    """Return the UUID of a lead; the order of UUIDs isn't that of their creation."""
    return f"{number * 2654435761 % 2**32:08x}-0e10-11eb-879b-{number:012x}"


def seconds(at: datetime | None) -> str | None:
    """Return an instant as the newer interface writes it."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def millis(at: datetime) -> str:
    """Return an instant as leads have it."""
    at = at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def plain(at: datetime) -> str:
    """Return an instant as the older interface writes it, in UTC without saying so."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def number(amount: Decimal | None) -> float | int | None:
    """Return an amount as a JSON number."""
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral() else float(amount)


def is_listed_lead(record: Record) -> bool:
    """Whether a lead is still one: deleted and converted leads are gone."""
    return not record.is_deleted and record.outcome != "won"


def is_archived_lead(record: Record) -> bool:
    """Whether a lead is in the archive, which is where disqualified ones go."""
    return record.archived_at is not None or record.outcome == "lost"


def lead(record: Record) -> Json:
    """Return a lead."""
    value = None
    if record.amount is not None:
        value = {"amount": number(record.amount), "currency": record.currency}
    return {
        "id": lead_id(record.ref.number),
        "title": record.name,
        "owner_id": record.owner,
        "creator_id": 1,
        "label_ids": [],
        "person_id": None,
        "organization_id": 7,
        "source_name": record.lead_source,
        "origin": "ManuallyCreated",
        "origin_id": None,
        "channel": None,
        "channel_id": None,
        "is_archived": is_archived_lead(record),
        "was_seen": True,
        "value": value,
        "expected_close_date": _day(record.expected_close_date),
        "next_activity_id": None,
        "add_time": millis(record.created_at),
        "update_time": millis(record.updated_at),
        "visible_to": "3",
        "cc_email": "acme+1+lead@pipedrivemail.example",
    }


def deal(record: Record, numbers: Numbers, extra: Sequence[str]) -> Json:
    """Return a deal, with the fields that come only when asked for."""
    closed = seconds(record.closed_at)
    won = closed if record.outcome == "won" else None
    lost = closed if record.outcome == "lost" else None
    optional = {
        "source_lead_id": None if record.lead is None else lead_id(record.lead),
        "first_won_time": won,
    }
    return {
        "id": record.ref.number,
        "title": record.name,
        "creator_user_id": 1,
        "owner_id": record.owner,
        "value": number(record.amount),
        "person_id": None,
        "org_id": None if record.account is None else 100 + len(record.account),
        "stage_id": numbers.stage(record.pipeline, record.stage),
        "pipeline_id": numbers.pipeline(record.pipeline),
        "currency": record.currency,
        "archive_time": seconds(record.archived_at),
        "add_time": seconds(record.created_at),
        "update_time": seconds(record.updated_at),
        "stage_change_time": seconds(record.stage_changed_at),
        "status": "deleted" if record.is_deleted else record.outcome,
        "is_archived": record.archived_at is not None,
        "is_deleted": record.is_deleted,
        "probability": None,
        "lost_reason": record.loss_reason,
        "visible_to": 7,
        "close_time": closed,
        "won_time": won,
        "lost_time": lost,
        "expected_close_date": _day(record.expected_close_date),
        "label_ids": [],
        "origin": "ManuallyCreated",
        "origin_id": None,
        "channel": None,
        "channel_id": None,
        "acv": None,
        "arr": None,
        "mrr": None,
        "custom_fields": {CUSTOM_FIELD: f"note on {record.name}"},
        **{name: optional[name] for name in extra if name in optional},
    }


def log(past: Sequence[Happening], numbers: Numbers) -> list[Json]:
    """Return what the log of a deal says, oldest first."""
    return [
        {
            "field_key": key,
            "old_value": old,
            "new_value": new,
            "actor_user_id": happening.by or 1,
            "time": plain(happening.at),
            "change_source": "app",
            "change_source_user_agent": None,
            "is_bulk_update_flag": False,
        }
        for happening, before, after in steps(past)
        for key, old, new in _changes(happening, before, after, numbers)
    ]


def pipeline_row(told: Pipeline) -> Json:
    """Return a pipeline."""
    return {
        "id": told.number,
        "name": told.label,
        "order_nr": told.position,
        "is_deleted": False,
        "is_deal_probability_enabled": True,
        "add_time": "2024-01-01T00:00:00Z",
        "update_time": "2024-01-01T00:00:00Z",
    }


def stage_row(pipeline: Pipeline, told: Stage, *, is_deleted: bool) -> Json:
    """Return a stage; only open ones are stages here."""
    return {
        "id": told.number,
        "order_nr": told.position,
        "name": told.label,
        "is_deleted": is_deleted,
        "deal_probability": told.win_rate,
        "pipeline_id": pipeline.number,
        "is_deal_rot_enabled": False,
        "days_to_rotten": None,
        "add_time": "2024-01-01T00:00:00Z",
        "update_time": "2024-01-01T00:00:00Z",
    }


def user(owner: Owner) -> Json:
    """Return a user, with or without a seat."""
    return {
        "id": owner.number,
        "name": owner.name,
        "default_currency": "EUR",
        "locale": "en_GB",
        "lang": 1,
        "email": owner.email,
        "phone": None,
        "activated": True,
        "last_login": "2024-01-01 08:00:00",
        "created": "2024-01-01 08:00:00",
        "modified": plain(owner.updated_at) if owner.updated_at else None,
        "has_created_company": owner.number == 1,
        "access": [{"app": "sales", "admin": owner.number == 1, "permission_set_id": "p"}],
        "active_flag": owner.is_active,
        "timezone_name": "Europe/Amsterdam",
        "timezone_offset": "+01:00",
        "role_id": 1,
        "icon_url": None,
        "is_you": owner.number == 1,
        "is_deleted": False,
    }


def _changes(
    happening: Happening, before: Record | None, after: Record, numbers: Numbers
) -> Iterator[tuple[str, str | None, str | None]]:
    """Give field, old and new value; of a creation only that there was one."""
    if before is None:
        yield "add_time", None, plain(happening.at)
        return
    if happening.kind == "touched":
        yield "title", "Deel", after.name
    if before.is_deleted != after.is_deleted:
        states = (before.outcome, "deleted")
        yield "status", *(states if after.is_deleted else states[::-1])
    if (before.archived_at is None) != (after.archived_at is None):
        yield "is_archived", *(("0", "1") if after.archived_at else ("1", "0"))
    for name, key in _LOGGED:
        old, new = _told(before, name, numbers), _told(after, name, numbers)
        if old != new:
            yield key, old, new


def _told(record: Record, name: str, numbers: Numbers) -> str | None:
    if name == "pipeline":
        return str(numbers.pipeline(record.pipeline))
    if name == "stage":
        return str(numbers.stage(record.pipeline, record.stage))
    value: Value = getattr(record, name)
    if isinstance(value, Decimal):
        return str(number(value))
    return None if value is None else str(value)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
