"""What a night needs of a Zoho organisation, tried one by one before the first night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestration.sources.crm.errors import CrmError, NotOffered
from orchestration.sources.crm.findings import Finding
from orchestration.sources.crm.http import Account
from orchestration.sources.zoho import history, lists, records
from orchestration.sources.zoho.account import WHO_WE_ARE, ZohoAccount

# Without these no fact can be made; the others are filled where an organisation has them.
_NEEDED = {
    "Leads": ("Owner", "Created_Time", "Modified_Time", "Lead_Status"),
    "Deals": (
        *("Owner", "Created_Time", "Modified_Time", "Stage", "Amount", "Closing_Date"),
        "Deal_Name",
    ),
}
_WISHED = {
    "Leads": ("Lead_Source", "Converted__s", "Converted_Date_Time", "Converted_Deal"),
    "Deals": ("Pipeline", "Account_Name", "Lead_Source", "Probability"),
}
_A_SECOND = timedelta(seconds=1)


def check(account: Account) -> Iterator[Finding]:
    """Try the login, every object with its fields, and which time stage history has."""
    assert isinstance(account, ZohoAccount)
    try:
        users = account.get(WHO_WE_ARE).json().get("users") or [{}]
    except CrmError as error:
        yield Finding("credentials", False, account.mask(str(error)))
        return
    yield Finding(
        "credentials",
        True,
        f"we are {users[0].get('full_name') or users[0].get('name') or '?'}; the data is at "
        f"{account.base_url}",
    )
    yield _tried("org", lambda: account.get("/org"), "the home currency is known")
    yield _tried("currencies", lambda: account.get("/org/currencies"), "readable", False)
    yield _tried(
        "users", lambda: account.get("/users", params={"type": "DeletedUsers"}), "readable"
    )
    for module in (records.LEADS, records.DEALS):
        yield from _module(account, module)
    yield from _stages(account)
    yield from _history(account)
    yield from _lead_history(account)


def _tried(subject: str, ask: Callable[[], object], told: str, is_needed: bool = True) -> Finding:
    try:
        ask()
    except CrmError as error:
        return Finding(subject, False, str(error), is_needed)
    return Finding(subject, True, told, is_needed)


def _module(account: ZohoAccount, module: records.Module) -> Iterator[Finding]:
    name = module.name
    try:
        seen = {field.name for field in records.fields_of(account, name)}
        params = {"fields": "Modified_Time", "per_page": 1}
        account.get(f"/{name}", params=params)
        account.get(f"/{name}/deleted", params={"type": "all", "per_page": 1})
    except CrmError as error:
        yield Finding(name, False, str(error))
        return
    missing = [field for field in _NEEDED[name] if field not in seen]
    if missing:
        yield Finding(name, False, _hidden(name, missing))
    else:
        yield Finding(name, True, f"{len(seen)} fields can be read")
    wished = [field for field in _WISHED[name] if field not in seen]
    if wished:
        yield Finding(f"{name}, more fields", False, _hidden(name, wished), is_needed=False)


def _hidden(module: str, names: list[str]) -> str:
    return (
        f"{', '.join(names)} of {module} can't be read: show them to the profile of the user who "
        "made the refresh token (Setup > Security Control > Profiles > field permissions)"
    )


def _stages(account: ZohoAccount) -> Iterator[Finding]:
    try:
        layouts = lists.layouts_of(account)
        answers = [lists.pipelines_of(account, str(layout["id"])) for layout in layouts]
        options = lists.options_of(account, "Deals", "Stage")
    except CrmError as error:
        yield Finding("stages", False, str(error))
        return
    count = sum(
        len(answer.json().get("pipeline") or []) for answer in answers if answer is not None
    )
    if count:
        yield Finding("stages", True, f"{count} pipelines in {len(layouts)} layouts")
    elif options:
        yield Finding("stages", True, "no pipelines; the list of stages serves as the only one")
    else:
        yield Finding("stages", False, "neither pipelines nor a list of stages can be read")


def _history(account: ZohoAccount) -> Iterator[Finding]:
    subject = "history of deals"
    try:
        rows = _some_rows(account, history.DEAL_HISTORY, (history.DEAL, "Stage", "Modified_Time"))
        ids = sorted({row[history.DEAL]["id"] for row in rows if row.get(history.DEAL)})[:100]
        params = {"ids": ",".join(ids), "fields": "Created_Time,Stage"}
        deals = account.get("/Deals", params=params).json()["data"] if ids else []
    except CrmError as error:
        told = f"{error}. Without it, stages are known from the nights that saw them"
        yield Finding(subject, False, told, is_needed=False)
        return
    yield Finding(subject, True, "readable")
    fits = fitting_time(rows, deals)
    configured = account.settings.history_time
    if fits is None:
        told = "too few moves to tell whether its times are entries or exits"
        yield Finding("history_time", True, told, is_needed=False)
    elif fits == configured:
        told = f'the times fit history_time = "{configured}"'
        yield Finding("history_time", True, told, is_needed=False)
    else:
        told = (
            f'the times of {len(deals)} deals fit history_time = "{fits}", but "{configured}" '
            "is set"
        )
        yield Finding("history_time", False, told)


def _lead_history(account: ZohoAccount) -> Iterator[Finding]:
    module = account.settings.lead_history_module
    if module is None:
        return
    try:
        _some_rows(account, module, (history.LEAD, "Lead_Status", "Modified_Time"))
    except (CrmError, NotOffered) as error:
        yield Finding("history of leads", False, str(error))
        return
    yield Finding("history of leads", True, f"{module} is readable")


def _some_rows(
    account: ZohoAccount, module: str, fields: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    query = f"select {', '.join(fields)} from {module} where id > 0 order by id asc limit 200"
    response = account.ask("/coql", "POST", json={"select_query": query})
    return response.json()["data"] if response.content.strip() else []


def fitting_time(rows: list[Mapping[str, Any]], deals: list[Mapping[str, Any]]) -> str | None:
    """Return which reading of history's times fits: "entered" or "left"; null for neither.

    The first period of a deal begins when the deal is created. Only deals with a later period
    tell: of a single one, both readings may have the same time.
    """
    created = {deal["id"]: datetime.fromisoformat(deal["Created_Time"]) for deal in deals}
    times: dict[str, list[datetime]] = {}
    for row in rows:
        deal = str((row.get(history.DEAL) or {}).get("id"))
        if deal in created:
            times.setdefault(deal, []).append(datetime.fromisoformat(row["Modified_Time"]))
    moved = {deal: found for deal, found in times.items() if len(found) > 1}
    if not moved:
        return None
    at_creation = sum(abs(min(found) - created[deal]) <= _A_SECOND for deal, found in moved.items())
    return "entered" if 2 * at_creation > len(moved) else "left"
