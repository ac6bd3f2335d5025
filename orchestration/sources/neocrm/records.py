"""Leads and opportunities: what changed by XOQL, page by page, and which there are by a scroll."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from orchestration.sources.crm.http import Page
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.neocrm.account import DESCRIPTION, XOQL, XOQL_SCROLL

PAGE = 2000
_RECORDS = ("data", "records")
# Read even if the tenant's description leaves them out.
NEEDED = {
    "lead": ("id", "status", "ownerId", "opportunityId", "createdAt", "updatedAt"),
    "opportunity": (
        *("id", "saleStageId", "entityType", "money", "closeDate", "ownerId", "winRate"),
        *("leadId", "stageUpdatedAt", "createdAt", "updatedAt"),
    ),
}
# Kinds of fields that a query can't select: lists of other records, headings, computed pictures.
_UNREADABLE_TYPES = frozenset({"relation_list", "line", "computed_image"})


def pull_changed(object_key: str) -> Callable[[Pull], None]:
    """Return the extraction of an object's changed records and of the ids of all."""

    def pull(pull: Pull) -> None:
        fields = ", ".join(fields_of(pull.account, object_key))
        last = pull.resume if isinstance(pull.resume, str) else "0"
        while True:
            where = [f"updatedAt < {_millis(pull.end)}", f"id > {last}"]
            if pull.start is not None:
                where.insert(0, f"updatedAt >= {_millis(pull.start)}")
            query = (
                f"select {fields} from {object_key} where {' and '.join(where)}"
                f" order by id limit 0,{PAGE}"
            )
            pull.account.afford(1)
            answer = pull.account.ask(XOQL, "POST", data={"xoql": query})
            page = Page(slices(answer.content, _RECORDS), answer)
            pull.delivery.add(page.records, page.origin)
            if not page.records:
                break
            last = text_at(page.records[-1], ("id",)) or last
            pull.delivery.checkpoint(last)
            pull.progress(f"{pull.delivery.rows:,} changed {object_key}s so far")
            if len(page.records) < PAGE:
                break
        for page in scroll(pull, f"select id from {object_key}"):
            ids = (text_at(record, ("id",)) for record in page.records)
            pull.delivery.present(id_ for id_ in ids if id_ is not None)

    return pull


def scroll(pull: Pull, query: str) -> Iterator[Page]:
    """Ask a query to its end, by the locator that each page names for the next."""
    locator = ""
    while True:
        form = {"xoql": query, "batchCount": str(PAGE), "queryLocator": locator}
        pull.account.afford(1)
        answer = pull.account.ask(XOQL_SCROLL, "POST", data=form)
        yield Page(slices(answer.content, _RECORDS), answer)
        locator = text_at(answer.content, ("queryLocator",)) or ""
        if not locator:
            return


def fields_of(account: Any, object_key: str) -> list[str]:
    """Return the fields of an object to select: every described one, custom ones included."""
    answer = account.get(DESCRIPTION.format(object_key)).json()
    described = (answer.get("data") or {}).get("fields") or []
    found = [
        field["apiKey"]
        for field in described
        if field.get("apiKey") and str(field.get("type")) not in _UNREADABLE_TYPES
    ]
    return list(dict.fromkeys((*NEEDED[object_key], *found)))


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
