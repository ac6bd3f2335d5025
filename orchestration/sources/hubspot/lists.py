"""HubSpot's lists, page by page, and the short ones that come whole each night."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from orchestration.sources.crm.errors import NotOffered, NotPermitted
from orchestration.sources.crm.http import Page, origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.kinds import CONTACTS, DEALS, Kind, lead_kind

_PAGE = 100
_RESULTS = ("results",)
_READ = msgspec.json.Decoder(dict[str, msgspec.Raw])


def list_pages(
    account: HubspotAccount, path: str, after: str | None = None, **params: str
) -> Iterator[tuple[Page, str | None]]:
    """Ask for a list, 100 a page; give each page with the cursor after it (null: the last)."""
    asked: dict[str, str | int] = {"limit": _PAGE, **params}
    if after is not None:
        asked["after"] = after
    paginator = JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")
    for page in account.pages(path, _RESULTS, paginator, params=asked):
        cursor = text_at(page.response.content, ("paging", "next", "after"))
        yield page, cursor


def pull_account(pull: Pull) -> None:
    """Deliver the account's details. Raises ``CrmError``."""
    account: HubspotAccount = pull.account
    answer = account.get(account.api("account-info", "details"))
    pull.delivery.add([answer.content], origin_of(answer), ("portalId",))


def pull_owners(pull: Pull) -> None:
    """Deliver all owners, those who left too. Raises ``CrmError``."""
    account: HubspotAccount = pull.account
    for archived in ("false", "true"):
        for page, _ in list_pages(account, account.api("crm/owners", ""), archived=archived):
            pull.delivery.add(page.records, page.origin)


def pull_exchange_rates(pull: Pull) -> None:
    """Deliver all dated rates. Raises ``NotOffered`` where they may not or cannot be read."""
    account: HubspotAccount = pull.account
    try:
        path = account.api("settings/currencies", "exchange-rates")
        for page, _ in list_pages(account, path):
            pull.delivery.add(page.records, page.origin)
    except NotPermitted as error:
        # The funnel has other rates, and an account of one currency has none.
        raise NotOffered(f"{error}; until then other rates are used") from None


def pull_deal_stages(pull: Pull) -> None:
    """Deliver each stage of the deal pipelines. Raises ``CrmError``."""
    _pull_stages(pull, DEALS)


def pull_lead_stages(pull: Pull) -> None:
    """Deliver each stage of the lead pipelines, or each lifecycle stage. Raises ``CrmError``."""
    account: HubspotAccount = pull.account
    kind = lead_kind(account.settings)
    if kind is not CONTACTS:
        _pull_stages(pull, kind)
        return
    path = account.api("crm/properties", f"{kind.object_type}/lifecyclestage")
    answer = account.get(path)
    stages = [
        joined(pipelineId=b'"lifecycle"', pipelineLabel=b'"Lifecycle stages"', option=option)
        for option in slices(answer.content, ("options",))
    ]
    pull.delivery.add(stages, origin_of(answer), ("option", "value"))


def _pull_stages(pull: Pull, kind: Kind) -> None:
    account: HubspotAccount = pull.account
    answer = account.get(account.api("crm/pipelines", kind.object_type))
    stages = []
    for pipeline in slices(answer.content, _RESULTS):
        told = _READ.decode(pipeline)
        stages += [
            joined(
                pipelineId=told["id"],
                pipelineLabel=told.get("label", msgspec.Raw(b"null")),
                pipelineArchived=told.get("archived", msgspec.Raw(b"null")),
                stage=stage,
            )
            for stage in slices(pipeline, ("stages",))
        ]
    pull.delivery.add(stages, origin_of(answer), stage_key)


def stage_key(stage: bytes) -> str | None:
    """Return what names a stage: its pipeline and its id."""
    pipeline, id_ = text_at(stage, ("pipelineId",)), text_at(stage, ("stage", "id"))
    return None if pipeline is None or id_ is None else f"{pipeline}|{id_}"


def joined(**parts: bytes | msgspec.Raw) -> bytes:
    """Return an object of parts, each the vendor's own JSON: what lies inside another record
    becomes a record of its own, with what it belongs to beside it."""
    inside = b",".join(b'"%b":%b' % (name.encode(), bytes(part)) for name, part in parts.items())
    return b"{" + inside + b"}"
