"""Trying a HubSpot account before its first night: login, scopes, objects, properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.sources.crm.errors import CrmError, NotOffered
from orchestration.sources.crm.findings import Finding
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.kinds import CONTACTS, DEALS, Kind, lead_kind


def check(account: HubspotAccount) -> Iterator[Finding]:
    """Try everything that a night asks for, with the smallest questions there are."""
    login = _tried("login", account.ping, "HubSpot accepts the credentials")
    yield login
    if not login.is_good:
        return
    yield _tried(
        "owners",
        lambda: account.get(account.api("crm/owners", ""), params={"limit": 1}),
        "owners can be read",
    )
    yield from _records(account, DEALS, "deals")
    try:
        leads = lead_kind(account.settings)
    except NotOffered as error:
        yield Finding("leads", True, f"no leads are taken: {error}", is_needed=False)
    else:
        yield from _leads(account, leads)
    yield _tried(
        "exchange rates",
        lambda: account.get(
            account.api("settings/currencies", "exchange-rates"), params={"limit": 1}
        ),
        "the account's own exchange rates can be read",
        is_needed=False,
    )


def _leads(account: HubspotAccount, kind: Kind) -> Iterator[Finding]:
    for finding in _records(account, kind, "leads"):
        if finding.is_good or "has no" not in finding.message:
            yield finding
            continue
        yield Finding(
            finding.subject,
            False,
            f"{finding.message}; leads need Sales Hub Professional or Enterprise: without it, set "
            'leads = "contacts" or leads = "none" for this source',
            is_needed=False,
        )
        return
    path = account.api("crm/associations", f"deals/{kind.object_type}/batch/read")
    yield _tried(
        "leads of deals",
        lambda: account.ask(path, "POST", json={"inputs": [{"id": "1"}]}),
        "which lead belongs to which deal can be read",
    )


def _records(account: HubspotAccount, kind: Kind, subject: str) -> Iterator[Finding]:
    read = _tried(
        subject,
        lambda: account.get(account.objects(kind), params={"limit": 1}),
        f"{kind.object_type} can be read",
    )
    yield read
    if not read.is_good:
        return
    needed = {kind.changed, *kind.tracked} - {"hs_merged_object_ids", "deal_currency_code"}
    try:
        found = account.get(account.api("crm/properties", kind.object_type)).json()["results"]
    except CrmError as error:
        yield Finding(f"properties of {subject}", False, str(error))
    else:
        missing = sorted(needed - {str(entry.get("name")) for entry in found})
        told = (
            f"{len(found):,} properties can be read"
            if not missing
            else f"{', '.join(missing)} can't be seen: grant crm.schemas.{kind.object_type}.read, "
            "or make the properties visible to the app's user"
        )
        yield Finding(f"properties of {subject}", not missing, told)
    pipelines = "contacts/lifecyclestage" if kind is CONTACTS else kind.object_type
    area = "crm/properties" if kind is CONTACTS else "crm/pipelines"
    yield _tried(
        f"stages of {subject}",
        lambda: account.get(account.api(area, pipelines)),
        "the list of stages can be read",
    )
    yield _tried(
        f"search for {subject}",
        lambda: account.ask(
            account.objects(kind, "search"),
            "POST",
            json={
                "filterGroups": [],
                "sorts": [],
                "properties": [kind.changed],
                "limit": 1,
                "after": "0",
            },
        ),
        "what changed can be searched for",
    )


def _tried(
    subject: str, ask: Callable[[], object], good: str, *, is_needed: bool = True
) -> Finding:
    try:
        ask()
    except CrmError as error:
        return Finding(subject, False, str(error), is_needed)
    return Finding(subject, True, good, is_needed)
