"""What a night needs of a tenant, tried one by one before the first night."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestration.sources.crm.errors import CrmError
from orchestration.sources.crm.findings import Finding
from orchestration.sources.crm.http import Account
from orchestration.sources.neocrm.account import BUSINESS_TYPES, DESCRIPTION, STAGE_LIST, XOQL
from orchestration.sources.neocrm.lists import DEPARTMENT_FIELDS, USER_FIELDS
from orchestration.sources.neocrm.records import NEEDED


def check(account: Account) -> Iterator[Finding]:
    """Try the login, the lists, and every object with the fields that the warehouse reads."""
    try:
        kinds = _data(account.get(BUSINESS_TYPES).json()).get("records") or []
    except CrmError as error:
        yield Finding("credentials", False, account.mask(str(error)))
        return
    yield Finding("credentials", True, f"logged in; {len(kinds)} business types of opportunities")
    yield from _stages(account, kinds)
    for key, needed in NEEDED.items():
        yield _fields(account, key, needed)
        yield _query(account, key, ", ".join(needed))
    yield _query(account, "user", USER_FIELDS)
    yield _query(account, "department", DEPARTMENT_FIELDS, is_needed=False)


def _stages(account: Account, kinds: list[dict[str, Any]]) -> Iterator[Finding]:
    names = {*account.settings.won_stages, *account.settings.lost_stages}  # type: ignore[attr-defined]
    for kind in kinds:
        label = kind.get("label") or kind.get("apiKey")
        asked = {"data": {"entityTypeApiKey": kind.get("apiKey")}}
        try:
            stages = account.ask(STAGE_LIST, "POST", json=asked).json().get("data") or []
        except CrmError as error:
            yield Finding(f"stages of {label}", False, account.mask(str(error)))
            continue
        closed = [stage["stageName"] for stage in stages if stage.get("stageName") in names]
        listed = ", ".join(str(stage.get("stageName")) for stage in stages) or "none"
        if closed:
            yield Finding(f"stages of {label}", True, f"{listed}; closed: {', '.join(closed)}")
        else:
            message = f"{listed}; name those that are won or lost in won_stages and lost_stages"
            yield Finding(f"stages of {label}", False, message)


def _fields(account: Account, key: str, needed: tuple[str, ...]) -> Finding:
    try:
        described = _data(account.get(DESCRIPTION.format(key)).json()).get("fields") or []
    except CrmError as error:
        return Finding(f"fields of {key}", False, account.mask(str(error)))
    missing = sorted(set(needed) - {field.get("apiKey") for field in described})
    if missing:
        message = f"{', '.join(missing)} can't be seen: give the user the right to these fields"
        return Finding(f"fields of {key}", False, message)
    return Finding(f"fields of {key}", True, f"{len(described)} fields, custom ones included")


def _query(account: Account, key: str, fields: str, *, is_needed: bool = True) -> Finding:
    query = f"select {fields} from {key} where id > 0 order by id limit 0,1"
    try:
        account.ask(XOQL, "POST", data={"xoql": query})
    except CrmError as error:
        return Finding(f"records of {key}", False, account.mask(str(error)), is_needed)
    return Finding(f"records of {key}", True, "readable", is_needed)


def _data(body: Any) -> dict[str, Any]:
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}
