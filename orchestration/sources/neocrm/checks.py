"""What a night needs of a tenant, tried one by one before the first night."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.sources.crm.errors import CrmError
from orchestration.sources.crm.findings import Finding
from orchestration.sources.crm.http import Account
from orchestration.sources.crm.records import text_at
from orchestration.sources.neocrm.account import (
    BUSINESS_TYPES,
    DESCRIPTION,
    STAGE_LIST,
    XOQL,
    listed,
)
from orchestration.sources.neocrm.lists import DEPARTMENT_FIELDS, USER_FIELDS
from orchestration.sources.neocrm.records import NEEDED, fields_of


def check(account: Account) -> Iterator[Finding]:
    """Try the login, the lists, and every object with the fields that the warehouse reads."""
    try:
        kinds = listed(account.get(BUSINESS_TYPES), "records")
    except CrmError as error:
        yield Finding("credentials", False, account.mask(str(error)))
        return
    yield Finding("credentials", True, f"logged in; {len(kinds)} business types of opportunities")
    for kind in kinds:
        yield _stages(account, kind)
    for key in NEEDED:
        yield _fields(account, key)
        yield _query(account, key)
    yield _query(account, "user", USER_FIELDS)
    yield _query(account, "department", DEPARTMENT_FIELDS, is_needed=False)


def _stages(account: Account, kind: bytes) -> Finding:
    key = text_at(kind, ("apiKey",))
    subject = f"stages of {text_at(kind, ('label',)) or key}"
    try:
        asked = {"data": {"entityTypeApiKey": key}}
        found = listed(account.ask(STAGE_LIST, "POST", json=asked))
    except CrmError as error:
        return Finding(subject, False, account.mask(str(error)))
    names = [text_at(stage, ("stageName",)) or "?" for stage in found]
    lacking = [
        setting
        for setting in ("won_stages", "lost_stages")
        if not set(names) & set(getattr(account.settings, setting))
    ]
    told = ", ".join(names) or "none"
    if lacking:
        return Finding(subject, False, f"{told}; name those that close in {' and '.join(lacking)}")
    return Finding(subject, True, told)


def _fields(account: Account, key: str) -> Finding:
    subject = f"fields of {key}"
    try:
        described = listed(account.get(DESCRIPTION.format(key)), "fields")
    except CrmError as error:
        return Finding(subject, False, account.mask(str(error)))
    missing = sorted(set(NEEDED[key]) - {text_at(field, ("apiKey",)) for field in described})
    if missing:
        message = f"{', '.join(missing)} can't be seen: give the user the right to these fields"
        return Finding(subject, False, message)
    return Finding(subject, True, f"{len(described)} fields, custom ones included")


def _query(
    account: Account, key: str, fields: str | None = None, *, is_needed: bool = True
) -> Finding:
    subject = f"records of {key}"
    try:
        names = fields or ", ".join(fields_of(account, key))
        text = f"select {names} from {key} where id > 0 order by id limit 0,1"
        listed(account.ask(XOQL, "POST", data={"xoql": text}), "records")
    except CrmError as error:
        hint = "" if fields else "; a field that can't be selected belongs into left_out_fields"
        return Finding(subject, False, account.mask(str(error)) + hint, is_needed)
    return Finding(subject, True, "readable", is_needed)
