"""The short lists that come whole each night: organisation, currencies, users, stages, statuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from orchestration.sources.crm.errors import NotOffered
from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.zoho.account import Refusal, ZohoAccount

_USERS_A_PAGE = 200
# Deleted ones last: who is deleted between the two lists is met in the second.
_USER_TYPES = ("AllUsers", "DeletedUsers")


def pull_org(pull: Pull) -> None:
    """Pull the organisation."""
    response = pull.account.get("/org")
    pull.delivery.add(slices(response.content, ("org",)), origin_of(response))


def pull_currencies(pull: Pull) -> None:
    """Pull the currencies."""
    try:
        response = pull.account.get("/org/currencies")
    except Refusal as refusal:
        raise NotOffered(str(refusal)) from None
    if not response.content.strip():
        raise NotOffered(f"{pull.account.settings.name}: the organisation has no currencies")
    pull.delivery.add(slices(response.content, ("currencies",)), origin_of(response))


def pull_users(pull: Pull) -> None:
    """Pull every user, then those who were deleted."""
    for type_ in _USER_TYPES:
        page = 1
        while True:
            params = {"type": type_, "page": page, "per_page": _USERS_A_PAGE}
            response = pull.account.get("/users", params=params)
            if not response.content.strip():
                break
            pull.delivery.add(slices(response.content, ("users",)), origin_of(response))
            if not response.json().get("info", {}).get("more_records"):
                break
            page += 1


def pull_deal_stages(pull: Pull) -> None:
    """Pull the stages of each pipeline of each layout, each with its entry in the list of stages.

    One record a stage of a pipeline: ``{layout, pipeline, stage, option}``. Without pipelines, one
    record an entry: ``{option}``.
    """
    account: ZohoAccount = pull.account
    options = options_of(account, "Deals", "Stage")
    by_value: dict[str, bytes] = {}
    for option in options:
        for name in ("actual_value", "display_value"):
            by_value.setdefault(text_at(option, (name,)) or "", option)
    found = 0
    for layout in layouts_of(account):
        response = pipelines_of(account, str(layout["id"]))
        if response is None:
            continue
        for pipeline in slices(response.content, ("pipeline",)):
            told: dict[str, Any] = json.loads(pipeline)
            named = {name: value for name, value in told.items() if name != "maps"}
            head = {"layout": {"id": layout["id"], "name": layout.get("name")}, "pipeline": named}
            stages = slices(pipeline, ("maps",))
            found += pull.delivery.add(
                (_with(head, stage, by_value) for stage in stages),
                origin_of(response),
                lambda record: _key(record, ("pipeline", "id"), ("stage", "id")),
            )
    if not found:
        pull.delivery.add(
            (b'{"option":' + option + b"}" for option in options),
            "GET /crm/v8/settings/fields",
            lambda record: _option_key(record, ("option",)),
        )


def pull_lead_statuses(pull: Pull) -> None:
    """Pull the statuses of leads."""
    options = options_of(pull.account, "Leads", "Lead_Status")
    pull.delivery.add(
        options, "GET /crm/v8/settings/fields", lambda record: _option_key(record, ())
    )


def options_of(account: ZohoAccount, module: str, field: str) -> list[bytes]:
    """Return the entries of a field's pick list."""
    for each in account.fields_of(module):
        if text_at(each, ("api_name",)) == field:
            return slices(each, ("pick_list_values",))
    return []


def layouts_of(account: ZohoAccount) -> Sequence[Mapping[str, Any]]:
    """Return the layouts of deals."""
    response = account.get("/settings/layouts", params={"module": "Deals"})
    return response.json().get("layouts") or [] if response.content.strip() else []


def pipelines_of(account: ZohoAccount, layout: str) -> requests.Response | None:
    """Return the answer that holds a layout's pipelines; null where it has none."""
    try:
        response = account.get("/settings/pipeline", params={"layout_id": layout})
    except (Refusal, NotOffered):
        return None
    return response if response.content.strip() else None


def _with(head: Mapping[str, Any], stage: bytes, options: Mapping[str, bytes]) -> bytes:
    names = (text_at(stage, (name,)) or "" for name in ("actual_value", "display_value"))
    option = next((options[name] for name in names if name in options), b"null")
    start = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return start[:-1] + b',"stage":' + stage + b',"option":' + option + b"}"


def _key(record: bytes, *paths: Sequence[str]) -> str | None:
    parts = [text_at(record, path) for path in paths]
    return None if None in parts else "|".join(part or "" for part in parts)


def _option_key(record: bytes, path: Sequence[str]) -> str | None:
    return text_at(record, (*path, "id")) or text_at(record, (*path, "actual_value"))
