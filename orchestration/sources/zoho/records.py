"""Leads and deals that changed, with all their fields, and those that were deleted.

A list is asked in the order of change, and each page from the last time of the page before on: so a
record that changes or goes meanwhile moves no other out of sight, and no list is too long. Zoho's
own page tokens are followed only through records of one second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import requests

from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.zoho.account import ZohoAccount

PAGE = 200
_FIELDS_A_CALL = 50
_IDS_A_CALL = 100
_SECOND = timedelta(seconds=1)
_DATA = ("data",)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
# Fields that a list of records does not give.
_UNLISTED = frozenset({"subform", "multiselectlookup", "multiuserlookup"})


@dataclass(frozen=True)
class Module:
    """A module, and its fields that the warehouse reads: they come first, and always."""

    name: str
    needed: tuple[str, ...]


LEADS = Module(
    "Leads",
    (
        *("Owner", "Created_Time", "Lead_Status", "Lead_Source", "Company"),
        *("Converted__s", "Converted_Date_Time", "Converted_Deal"),
    ),
)
DEALS = Module(
    "Deals",
    (
        *("Deal_Name", "Owner", "Created_Time", "Stage", "Pipeline", "Stage_Modified_Time"),
        *("Amount", "Currency", "Exchange_Rate", "Probability", "Closing_Date", "Account_Name"),
        *("Lead_Source", "Reason_For_Loss__s"),
    ),
)


@dataclass(frozen=True)
class Field:
    """A field of a module, as the settings tell it."""

    name: str
    type: str

    @property
    def is_listed(self) -> bool:
        """Whether a list of records gives it."""
        return self.type not in _UNLISTED


def fields_of(account: ZohoAccount, module: str) -> list[Field]:
    """Return the fields of a module that we may see."""
    return [
        Field(_text(each, "api_name"), _text(each, "data_type"))
        for each in account.fields_of(module)
    ]


def pull_records(pull: Pull, module: Module) -> None:
    """Pull the records that changed, oldest change first."""
    account: ZohoAccount = pull.account
    blocks = _blocks(module, [f.name for f in fields_of(account, module.name) if f.is_listed])
    since = _time(pull.resume) - _SECOND if pull.resume else pull.start
    seen: set[tuple[str, str]] = set()
    token: str | None = None
    while True:
        calls = 1 + 2 * (len(blocks) - 1)
        account.afford(calls, calls)
        response = _ask(account, module.name, blocks[0], since, token)
        records = slices(response.content, _DATA) if response.content.strip() else []
        stamped = [(_text(record, "id"), _text(record, "Modified_Time")) for record in records]
        fresh = [
            record for record, stamp in zip(records, stamped, strict=True) if stamp not in seen
        ]
        pull.delivery.add(_joined(account, module, fresh, blocks[1:]), origin_of(response))
        info = response.json().get("info", {}) if records else {}
        if not records or not info.get("more_records"):
            return
        last = stamped[-1][1]
        pull.delivery.checkpoint(last)
        pull.progress(f"{pull.delivery.rows:,} {module.name.lower()} so far")
        seen = set(stamped) if token is None else seen | set(stamped)
        # A second less: whether the header's own second is included is not told in every place.
        onward = _time(last) - _SECOND
        if since is None or onward > since:
            since, token = onward, None
        else:
            token = str(info["next_page_token"])


def pull_deleted(pull: Pull, module: str) -> None:
    """Pull what was deleted, page after page, newest first.

    A record that is restored meanwhile moves those after it up, over the edge of a page: so a
    list of several pages is read until it holds nothing new.
    """
    known: set[tuple[str, str]] = set()
    while True:
        before, pages = len(known), 0
        for response in _deleted_pages(pull, module):
            pages += 1
            found = slices(response.content, _DATA)
            stamps = [(_text(each, "id"), _text(each, "deleted_time")) for each in found]
            fresh = [each for each, stamp in zip(found, stamps, strict=True) if stamp not in known]
            known.update(stamps)
            pull.delivery.add(fresh, origin_of(response))
        if pages < 2 or len(known) == before:
            return


def _deleted_pages(pull: Pull, module: str) -> Iterator[requests.Response]:
    headers = {} if pull.start is None else {"If-Modified-Since": header_time(pull.start)}
    page = 1
    while True:
        pull.account.afford(1, 1)
        params = {"type": "all", "page": page, "per_page": PAGE}
        response = pull.account.get(f"/{module}/deleted", params=params, headers=headers)
        if not response.content.strip():
            return
        yield response
        if not response.json().get("info", {}).get("more_records"):
            return
        page += 1


pull_leads = partial(pull_records, module=LEADS)
pull_deals = partial(pull_records, module=DEALS)
pull_deleted_leads = partial(pull_deleted, module="Leads")
pull_deleted_deals = partial(pull_deleted, module="Deals")


def header_time(at: datetime) -> str:
    """Return an instant as Zoho's headers and queries take it: whole seconds, with an offset."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def _ask(
    account: ZohoAccount,
    module: str,
    fields: Sequence[str],
    since: datetime | None,
    token: str | None,
) -> requests.Response:
    params: dict[str, str | int] = {
        "fields": ",".join(fields),
        "per_page": PAGE,
        "sort_by": "Modified_Time",
        "sort_order": "asc",
    }
    if module == "Leads":
        params["converted"] = "both"
    if token is None:
        params["page"] = 1
    else:
        params["page_token"] = token
    headers = {} if since is None else {"If-Modified-Since": header_time(since)}
    return account.get(f"/{module}", params=params, headers=headers)


def _blocks(module: Module, names: Sequence[str]) -> list[list[str]]:
    """Return the fields of each call: what is needed comes in the first, all tell their version."""
    rest = [name for name in names if name not in (*module.needed, "Modified_Time", "id")]
    first = _FIELDS_A_CALL - 1 - len(module.needed)
    blocks = [["Modified_Time", *module.needed, *rest[:first]]]
    rest = rest[first:]
    while rest:
        blocks.append(["Modified_Time", *rest[: _FIELDS_A_CALL - 1]])
        rest = rest[_FIELDS_A_CALL - 1 :]
    return blocks


def _joined(
    account: ZohoAccount, module: Module, records: list[bytes], blocks: Sequence[list[str]]
) -> Iterator[bytes]:
    """Return records with the fields of further calls.

    One that changed between the calls is left out: it is met again at the end of the list. One
    that is gone is told among the deleted.
    """
    if not blocks:
        yield from records
        return
    whole = {_text(record, "id"): _MEMBERS.decode(record) for record in records}
    for block in blocks:
        parts = {}
        ids = list(whole)
        for place in range(0, len(ids), _IDS_A_CALL):
            params = {"ids": ",".join(ids[place : place + _IDS_A_CALL]), "fields": ",".join(block)}
            if module.name == "Leads":
                params["converted"] = "both"
            response = account.get(f"/{module.name}", params=params)
            found = slices(response.content, _DATA) if response.content.strip() else []
            parts.update({_text(each, "id"): _MEMBERS.decode(each) for each in found})
        whole = {
            id_: {**parts[id_], **members}
            for id_, members in whole.items()
            if id_ in parts and parts[id_]["Modified_Time"] == members["Modified_Time"]
        }
    yield from (msgspec.json.encode(members) for members in whole.values())


def _text(record: bytes, name: str) -> str:
    return text_at(record, (name,)) or ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
