"""What an organisation in Zoho holds of the known company: ids, fields and records.

The organisation is in India: its times have an offset of five and a half hours, and whole seconds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from tests.crm.happenings import EntityType, Happening, Record, Ref
from tests.crm.reference_data import Owner, Pipeline, Stage, StageList
from tests.crm.truth import Truth

Json = dict[str, Any]

OFFSET = timezone(timedelta(hours=5, minutes=30))
HOME_CURRENCY = "EUR"
_ORG = 3652397000000000000
_LAYOUT = str(_ORG + 91023)
CATEGORIES = {"open": "Open", "won": "Closed Won", "lost": "Closed Lost"}
LEAD_CUSTOM = ("Score_Band",)
DEAL_CUSTOM = tuple(f"Custom_{number:02}" for number in range(1, 61))

_TYPES = {
    "Owner": "ownerlookup",
    "Created_Time": "datetime",
    "Modified_Time": "datetime",
    "Stage_Modified_Time": "datetime",
    "Converted_Date_Time": "datetime",
    "Converted__s": "boolean",
    "Converted_Deal": "lookup",
    "Account_Name": "lookup",
    "Potential_Name": "lookup",
    "Full_Name": "lookup",
    "Stage": "picklist",
    "Moved_To__s": "picklist",
    "Lead_Status": "picklist",
    "Lead_Source": "picklist",
    "Pipeline": "picklist",
    "Currency": "picklist",
    "Amount": "currency",
    "Expected_Revenue": "currency",
    "Exchange_Rate": "double",
    "Probability": "integer",
    "Closing_Date": "date",
    "Line_Items": "subform",
}
FIELDS: dict[str, tuple[str, ...]] = {
    "Leads": (
        *("Company", "Last_Name", "Owner", "Created_Time", "Modified_Time", "Lead_Status"),
        *("Lead_Source", "Converted__s", "Converted_Date_Time", "Converted_Deal", *LEAD_CUSTOM),
    ),
    "Deals": (
        *("Deal_Name", "Owner", "Created_Time", "Modified_Time", "Stage", "Pipeline"),
        *("Stage_Modified_Time", "Amount", "Currency", "Exchange_Rate", "Probability"),
        *("Closing_Date", "Account_Name", "Lead_Source", "Reason_For_Loss__s", "Line_Items"),
        *DEAL_CUSTOM,
    ),
    "DealHistory": (
        *("Potential_Name", "Stage", "Moved_To__s", "Modified_Time", "Amount", "Probability"),
        *("Closing_Date", "Currency", "Exchange_Rate"),
    ),
    "Lead_Status_History": ("Full_Name", "Lead_Status", "Moved_To__s", "Modified_Time"),
}


def type_of(field: str) -> str:
    """Return a field's data type."""
    return _TYPES.get(field, "text")


def record_id(ref: Ref) -> str:
    """Return the id of a lead or deal."""
    return str(_ORG + (4_000_000 if ref.entity_type == "lead" else 5_000_000) + ref.number)


def user_id(number: int) -> str:
    """Return the id of a user."""
    return str(_ORG + 200_000 + number)


def period_id(happening: Happening) -> str:
    """Return the id of the period that a happening begins."""
    return str(_ORG + 9_000_000 + happening.number)


def pipeline_id(pipeline: Pipeline) -> str:
    """Return the id of a pipeline."""
    return str(_ORG + 300_000 + pipeline.number)


def stage_id(stage: Stage) -> str:
    """Return the id of an entry in a list of stages or statuses."""
    return str(_ORG + 400_000 + stage.number)


def stamp(at: datetime | None) -> str | None:
    """Return an instant as Zoho writes it: cut off to seconds, in the organisation's offset."""
    return None if at is None else at.astimezone(OFFSET).replace(microsecond=0).isoformat()


def as_zoho_holds(truth: Truth) -> Truth:
    """Return the truth with what Zoho fills in: every deal has a currency."""
    return Truth(
        [_with_currency(happening) for happening in truth.happenings],
        truth.owners,
        truth.stage_lists,
        truth.rates,
        truth.base_currency,
    )


def _with_currency(happening: Happening) -> Happening:
    values = dict(happening.values)
    if happening.ref.entity_type != "deal":
        return happening
    if happening.kind == "created" or "currency" in values:
        values["currency"] = values.get("currency") or HOME_CURRENCY
    return replace(happening, values=values)


class Names:
    """What stages and pipelines are called: an entry's own name is the first that it had."""

    def __init__(self, truth: Truth) -> None:
        self._first: dict[int, str] = {}
        self._numbers: dict[tuple[EntityType, str, str], int] = {}
        for version in truth.stage_lists:
            for pipeline in version.pipelines:
                for stage in pipeline.stages:
                    self._first.setdefault(stage.number, stage.label)
                    place = (pipeline.entity_type, pipeline.key, stage.key)
                    self._numbers[place] = stage.number

    def own(self, entity_type: EntityType, pipeline: str, key: str) -> str:
        """Return the name that a stage has kept from its beginning."""
        return self._first[self._numbers[entity_type, pipeline, key]]

    def shown(self, lists: StageList, entity_type: EntityType, pipeline: str, key: str) -> str:
        """Return what a stage is called now; one that is gone keeps its own name."""
        try:
            return lists.pipeline(entity_type, pipeline).stage(key).label
        except KeyError:
            return self.own(entity_type, pipeline, key)

    def pipeline_row(self, pipeline: Pipeline) -> Json:
        """Return a pipeline with its stages."""
        return {
            "id": pipeline_id(pipeline),
            "display_value": pipeline.label,
            "actual_value": pipeline.label,
            "default": pipeline.number == 1,
            "child_available": False,
            "maps": [
                {
                    "id": stage_id(stage),
                    "display_value": stage.label,
                    "actual_value": self._first[stage.number],
                    "sequence_number": stage.position,
                    "forecast_category": {"name": "Pipeline", "id": "36523970000000001"},
                    "forecast_type": CATEGORIES[stage.category],
                    "colour_code": "#dadada",
                }
                for stage in sorted(pipeline.stages, key=lambda each: each.position)
            ],
        }

    def stage_options(self, lists: StageList) -> list[Json]:
        """Return the entries of the stages' pick list."""
        return [
            {
                "id": stage_id(stage),
                "display_value": stage.label,
                "actual_value": self._first[stage.number],
                "sequence_number": place,
                "probability": stage.win_rate,
                "forecast_type": CATEGORIES[stage.category],
                "type": "used",
                "colour_code": None,
            }
            for place, stage in enumerate(
                (stage for pipeline in lists.of("deal") for stage in pipeline.stages), start=1
            )
        ]

    def status_options(self, lists: StageList) -> list[Json]:
        """Return the entries of the statuses' pick list: a conversion is no status."""
        return [
            {
                "id": stage_id(stage),
                "display_value": stage.label,
                "actual_value": self._first[stage.number],
                "sequence_number": stage.position,
                "type": "used",
                "colour_code": None,
            }
            for pipeline in lists.of("lead")
            for stage in pipeline.stages
            if stage.category != "won"
        ]


def layout_id() -> str:
    """Return the id of the only layout of deals."""
    return _LAYOUT


def user(owner: Owner, *, is_deleted: bool) -> Json:
    """Return a user."""
    manager = owner.manager
    return {
        "id": user_id(owner.number),
        "full_name": owner.name,
        "email": owner.email,
        "status": "deleted" if is_deleted else "active" if owner.is_active else "inactive",
        "role": {"name": owner.team, "id": str(_ORG + 500_000 + len(owner.team))},
        "profile": {"name": "Standard", "id": str(_ORG + 600_000)},
        "Reporting_To": None if manager is None else {"id": user_id(manager), "name": "…"},
        "zuid": str(70_000_000 + owner.number),
        "time_zone": "Asia/Kolkata",
    }


def lead(record: Record, names: Names, lists: StageList) -> Json:
    """Return a lead with all its fields."""
    is_converted = record.outcome == "won"
    key = record.stage if is_converted else record.place
    deal = None if record.deal is None else Ref("deal", record.deal)
    return {
        "id": record_id(record.ref),
        "Company": record.account,
        "Last_Name": record.name,
        "Owner": _owner(record.owner),
        "Created_Time": stamp(record.created_at),
        "Modified_Time": stamp(record.updated_at),
        "Lead_Status": names.shown(lists, "lead", record.pipeline, key),
        "Lead_Source": record.lead_source,
        "Converted__s": is_converted,
        "Converted_Date_Time": stamp(record.closed_at) if is_converted else None,
        "Converted_Deal": deal and {"id": record_id(deal), "name": str(deal).capitalize()},
        "Score_Band": "A",
    }


def deal(record: Record, names: Names, lists: StageList, rate: Decimal | None) -> Json:
    """Return a deal with all its fields."""
    pipeline = lists.pipeline("deal", record.pipeline)
    account = record.account
    return {
        "id": record_id(record.ref),
        "Deal_Name": record.name,
        "Owner": _owner(record.owner),
        "Created_Time": stamp(record.created_at),
        "Modified_Time": stamp(record.updated_at),
        "Stage": names.shown(lists, "deal", record.pipeline, record.place),
        "Pipeline": {"name": pipeline.label, "id": pipeline_id(pipeline)},
        "Stage_Modified_Time": stamp(record.stage_changed_at),
        "Amount": number(record.amount),
        "Currency": record.currency,
        "Exchange_Rate": number(rate) or 1,
        "Probability": win_rate(lists, record),
        "Closing_Date": record.expected_close_date and record.expected_close_date.isoformat(),
        "Account_Name": account and {"name": account, "id": str(_ORG + hash_of(account))},
        "Lead_Source": record.lead_source,
        "Reason_For_Loss__s": record.loss_reason,
        **{name: f"{name} of {record.ref.number}" for name in DEAL_CUSTOM},
    }


def deletion(record: Record) -> Json:
    """Return a deleted record as the list of deletions has it."""
    return {
        "id": record_id(record.ref),
        "display_name": record.name,
        "type": "recycle",
        "deleted_time": stamp(record.deleted_at),
        "deleted_by": {"id": user_id(1), "name": "Owner 1"},
        "created_by": {"id": user_id(1), "name": "Owner 1"},
    }


def hash_of(text: str) -> int:
    """Return a number for a text, the same in every run."""
    return 700_000 + sum(place * ord(letter) for place, letter in enumerate(text, start=1))


def account_id(name: str | None) -> str | None:
    """Return the id of an account."""
    return None if name is None else str(_ORG + hash_of(name))


def _owner(number: int | None) -> Json | None:
    if number is None:
        return None
    email = f"owner{number}@company.example"
    return {"name": f"Owner {number}", "id": user_id(number), "email": email}


def number(value: Decimal | None) -> float | int | None:
    """Return a number as JSON has it."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def win_rate(lists: StageList, record: Record) -> int:
    """Return the probability of the stage that a deal is in."""
    try:
        return lists.pipeline("deal", record.pipeline).stage(record.place).win_rate
    except KeyError:
        return 0
