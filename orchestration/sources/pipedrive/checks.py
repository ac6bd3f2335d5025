"""What a night needs of a Pipedrive account, tried one by one before the first night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.sources.crm.errors import CrmError
from orchestration.sources.crm.findings import Finding
from orchestration.sources.crm.http import Account
from orchestration.sources.pipedrive.account import ME

# Object, path, fields that the warehouse reads.
_LISTS = (
    ("pipelines", "/api/v2/pipelines", ("id", "name", "is_deleted")),
    ("stages", "/api/v2/stages", ("id", "name", "order_nr", "pipeline_id", "is_deleted")),
    ("users", "/api/v1/users", ("id", "name", "active_flag")),
    ("leads", "/api/v1/leads", ("id", "owner_id", "is_archived", "add_time", "update_time")),
    ("archived leads", "/api/v1/leads/archived", ("id", "is_archived", "add_time", "update_time")),
    (
        "deals",
        "/api/v2/deals",
        (
            *("id", "value", "currency", "owner_id", "pipeline_id", "stage_id", "status"),
            *("add_time", "update_time", "won_time", "lost_time", "expected_close_date"),
            *("is_deleted", "source_lead_id"),
        ),
    ),
    ("archived deals", "/api/v2/deals/archived", ("id", "stage_id", "status", "update_time")),
)
_CHANGE = ("field_key", "old_value", "new_value", "time")


def check(account: Account) -> Iterator[Finding]:
    """Try the credentials, every object with its fields, and the rights that hide records."""
    try:
        me = account.get(ME).json()["data"]
    except CrmError as error:
        yield Finding("credentials", False, account.mask(str(error)))
        return
    company = me.get("company_name") or me.get("company_domain") or "?"
    yield Finding("credentials", True, f"we are {me.get('name')} of {company}")
    yield _visibility(me)
    deal = None
    for name, path, fields in _LISTS:
        params: dict[str, str | int] = {} if name == "users" else {"limit": 1}
        if "/deals" in path:
            params["include_fields"] = "source_lead_id"
        try:
            records = account.get(path, params=params).json().get("data") or []
        except CrmError as error:
            yield Finding(name, False, account.mask(str(error)))
            continue
        yield _fields_of(name, records, fields)
        deal = records[0]["id"] if name == "deals" and records else deal
    if deal is None:
        yield Finding("log of changes", True, "there is no deal yet whose log could be tried")
        return
    try:
        path = f"/api/v1/deals/{deal}/changelog"
        records = account.get(path, params={"limit": 1}).json().get("data") or []
    except CrmError as error:
        yield Finding("log of changes", False, account.mask(str(error)))
        return
    yield _fields_of("log of changes", records, _CHANGE)


def _visibility(me: Mapping[str, Any]) -> Finding:
    access = me.get("access") or []
    is_admin = any(each.get("admin") and each.get("app") == "sales" for each in access)
    if is_admin:
        return Finding("rights", True, "a deals admin sees every deal and lead", is_needed=False)
    return Finding(
        "rights",
        False,
        "this user is no deals admin, so deals and leads that others keep private are missing: "
        "make the user a deals admin under Settings > Manage users > Permission sets",
        is_needed=False,
    )


def _fields_of(name: str, records: list[Mapping[str, Any]], fields: tuple[str, ...]) -> Finding:
    if not records:
        return Finding(name, True, "readable, and empty so far")
    missing = [field for field in fields if field not in records[0]]
    if missing:
        return Finding(
            name,
            False,
            f"the answer lacks {', '.join(missing)}: Pipedrive's interface has changed, or a "
            "field is hidden from this user",
        )
    return Finding(name, True, "readable, with every field that is needed")
