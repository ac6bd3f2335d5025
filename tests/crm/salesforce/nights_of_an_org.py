"""What the tests of Salesforce share: settings, one night's extraction, what a landing holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

from orchestration.landing import Landing
from orchestration.settings.crm_sources import SalesforceSource
from tests.crm import accounts
from tests.crm.landed import landed
from tests.crm.standin import StandIn
from tests.crm.standins.salesforce import Salesforce
from tests.crm.standins.salesforce_lists import Row
from tests.crm.standins.salesforce_login import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
)

SOURCE = "sf"
SECRETS = {
    "SF_ID": CLIENT_ID,
    "SF_SECRET": CLIENT_SECRET,
    "SF_REFRESH": REFRESH_TOKEN,
}
_KEYS = {"client_id": "SF_ID", "client_secret": "SF_SECRET", "refresh_token": "SF_REFRESH"}
# Which object of the landing holds which of Salesforce, for those compared row by row.
HELD = {
    "currency_types": "CurrencyType",
    "conversion_rates": "DatedConversionRate",
    "users": "User",
    "user_roles": "UserRole",
    "queues": "Group",
    "record_types": "RecordType",
    "opportunity_stages": "OpportunityStage",
    "lead_statuses": "LeadStatus",
    "leads": "Lead",
    "lead_history": "LeadHistory",
    "opportunities": "Opportunity",
    "opportunity_history": "OpportunityHistory",
    "opportunity_field_history": "OpportunityFieldHistory",
}


def settings_toml(standin: StandIn, name: str = SOURCE, **others: str) -> str:
    """Return an account's part of the settings file."""
    lines = [f'name = "{name}"', 'type = "salesforce"', f'base_url = "{standin.url}"']
    lines += [f'{key} = {{ env = "{env}" }}' for key, env in _KEYS.items()]
    lines += [f'{key} = "{value}"' for key, value in others.items()]
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def settings_of(url: str, **options: Any) -> SalesforceSource:
    """Return an account's settings; the secrets stand in ``SECRETS``."""
    return SalesforceSource.model_validate(
        {
            "name": SOURCE,
            "type": "salesforce",
            "base_url": url,
            **{key: {"env": env} for key, env in _KEYS.items()},
            "timeout_seconds": 2,
            **options,
        }
    )


def source_of(standin: StandIn, **options: Any) -> SalesforceSource:
    """Return the settings of a running stand-in's account."""
    return settings_of(standin.url, **options)


extracting = partial(accounts.extracting, source_of)


def landed_versions(landing: Landing, table: str) -> dict[str, list[Row | None]]:
    """Return the versions of each id in order, null where it was withdrawn."""
    found: dict[str, list[Row | None]] = {}
    columns = "id, payload, is_deleted, problem"
    for id_, payload, is_deleted, problem in landed(landing, SOURCE, table, columns):
        assert problem is None, problem
        version = None if is_deleted else said_by(json.loads(payload, parse_float=Decimal))
        found.setdefault(id_, []).append(version)
    return found


def said_by(record: Row) -> Row:
    """Return what a record says, whatever its spelling: by REST or in bulk, or in the org."""
    return {
        name: _said(value)
        for name, value in record.items()
        if name != "attributes" and value is not None
    }


def _said(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case int() | Decimal():
            return f"{Decimal(value).normalize():f}"
        case str():
            try:
                at = datetime.fromisoformat(value)
            except ValueError:
                pass
            else:
                return at.astimezone(UTC).isoformat() if len(value) > 10 else value
            try:
                return f"{Decimal(value).normalize():f}"
            except ArithmeticError:
                return value
    return json.dumps(value, sort_keys=True, default=str)


def differences_from_org(
    standin: Salesforce, landing: Landing, end: datetime, tables: Iterable[str] = HELD
) -> list[str]:
    """Return a line for each record of the org that the landing lacks, has wrong or has twice."""
    lines: list[str] = []
    for table in tables:
        sobject = HELD[table]
        types = standin.org.types(sobject)
        held = landed_versions(landing, table)
        lines += [
            f"{table} {id_}: landed twice the same"
            for id_, versions in held.items()
            for before, after in pairwise(versions)
            if before == after
        ]
        if types is None:
            if held:
                lines.append(f"{table}: landed, but there is no {sobject}")
            continue
        sees = [name for name, type_ in types.items() if type_ not in ("address", "location")]
        wanted = {}
        for row in standin.org.rows(sobject, end):
            if sobject == "Group" and row["Type"] != "Queue":
                continue
            wanted[str(row["Id"])] = said_by({name: row.get(name) for name in sees})
        if sobject.endswith("History"):
            # A row of history never changes, but that its record is deleted shows on it too.
            for versions in (*held.values(), [*wanted.values()]):
                for version in versions:
                    (version or {}).pop("IsDeleted", None)
        for id_ in sorted(wanted.keys() | held.keys()):
            newest = held.get(id_, [None])[-1]
            if newest != wanted.get(id_):
                lines.append(f"{table} {id_}: landed {newest}, wanted {wanted.get(id_)}")
    return lines
