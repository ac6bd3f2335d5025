"""A real developer org with its history, as an org of the stand-in.

The exports are Ian Fink's (MIT, see the licence beside them). They leave out owners and a few
system fields, which are filled in, and are moved two years back, before the known company's nights.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.crm.small_company import small_company
from tests.crm.standins.salesforce_ids import MASTER_RECORD_TYPE
from tests.crm.standins.salesforce_lists import Row
from tests.crm.standins.salesforce_org import Org
from tests.crm.standins.salesforce_schema import Habits

FOLDER = Path(__file__).parent.parent / "data" / "salesforce_dev_org"
BACK = timedelta(days=731)
OWNER = "005bm00000NCJmQAAX"
_TYPES = {
    "Amount": "currency",
    "Probability": "percent",
    "ExpectedRevenue": "currency",
    "AnnualRevenue": "currency",
    "NumberOfEmployees": "int",
    "NumberofLocations__c": "double",
    "CloseDate": "date",
    "ConvertedDate": "date",
    "LastActivityDate": "date",
    "EmailBouncedDate": "datetime",
    "CreatedDate": "datetime",
    "LastModifiedDate": "datetime",
    "SystemModstamp": "datetime",
    **dict.fromkeys(("IsDeleted", "IsClosed", "IsWon", "IsConverted"), "boolean"),
}
_STAGES = (
    *(("Prospecting", 10), ("Qualification", 10), ("Needs Analysis", 20)),
    *(("Value Proposition", 50), ("Id. Decision Makers", 60), ("Perception Analysis", 70)),
    *(("Proposal/Price Quote", 75), ("Negotiation/Review", 90)),
    *(("Closed Won", 100), ("Closed Lost", 0)),
)
_STATUSES = (
    *("Open - Not Contacted", "Working - Contacted", "Closed - Converted"),
    "Closed - Not Converted",
)
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


class DevOrg(Org):
    """One currency, no record types, no field tracking."""

    def __init__(self) -> None:
        habits = Habits(several_currencies=False, tracks_deals=False, tracks_leads=False)
        super().__init__(small_company().truth, habits)
        self.tables = {
            name: [_row(line) for line in _read(name)]
            for name in ("Lead", "Opportunity", "OpportunityHistory")
        }
        for row in (*self.tables["Lead"], *self.tables["Opportunity"]):
            row["SystemModstamp"] = row["LastModifiedDate"]
            row.setdefault("OwnerId", OWNER)
            row.setdefault("IsDeleted", False)
            row["CreatedDate"] = row.get("CreatedDate") or row["LastModifiedDate"]
        self._beside = {
            "User": [{"Id": OWNER, "Name": "Admin", "IsActive": True, "SystemModstamp": _BEGIN}],
            "OpportunityStage": [_stage(n, *told) for n, told in enumerate(_STAGES, start=1)],
            "LeadStatus": [_status(n, name) for n, name in enumerate(_STATUSES, start=1)],
        }

    def types(self, sobject: str) -> dict[str, str] | None:
        """Return the fields that the exports have."""
        if sobject in self.tables:
            return {
                name: "id" if name == "Id" else _TYPES.get(name, "string")
                for name in self.tables[sobject][0]
            }
        return super().types(sobject)

    def rows(self, sobject: str, now: datetime) -> Iterable[Row]:
        """Return the rows of the exports."""
        return {**self.tables, **self._beside}.get(sobject, [])

    def picklist(self, record_type: str, now: datetime) -> list[Row] | None:
        """Return the stages of the master record type, without what they mean."""
        if record_type != MASTER_RECORD_TYPE:
            return None
        names = [name for name, _ in _STAGES]
        return [{"attributes": None, "label": n, "validFor": [], "value": n} for n in names]


def _read(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _row(line: dict[str, str]) -> Row:
    # Columns with a space in their name were added to the export.
    return {n: _value(_TYPES.get(n, ""), text) for n, text in line.items() if " " not in n}


def _value(type_: str, text: str) -> object:
    if not text:
        return None
    match type_:
        case "datetime":
            pattern = "%m/%d/%y %I:%M %p" if " " in text else "%m/%d/%y"
            return datetime.strptime(text, pattern).replace(tzinfo=UTC) - BACK
        case "date":
            month, day, year = (int(part) for part in text.split("/"))
            return date(2000 + year, month, day) - BACK
        case "boolean":
            return text == "TRUE"
        case "currency" | "percent" | "double" | "int":
            return Decimal(text)
        case _:
            return text


def _stage(number: int, name: str, rate: int) -> Row:
    return {
        "Id": f"01Jbm0000000{number:03}AAA",
        "ApiName": name,
        "MasterLabel": name,
        "SortOrder": number,
        "DefaultProbability": Decimal(rate),
        "IsActive": True,
        "IsClosed": name.startswith("Closed"),
        "IsWon": name == "Closed Won",
        "SystemModstamp": _BEGIN,
    }


def _status(number: int, name: str) -> Row:
    return {
        "Id": f"01Jbm0000001{number:03}AAA",
        "ApiName": name,
        "MasterLabel": name,
        "SortOrder": number,
        "IsConverted": name == "Closed - Converted",
        "IsDefault": number == 1,
        "SystemModstamp": _BEGIN,
    }
