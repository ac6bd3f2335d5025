"""Queries (XOQL): leads and opportunities that changed, and which ones there are.

Every query goes page by page from the last id on, until a page is empty: what a short page means,
and how long a server remembers a query, nobody has published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise

from orchestration.sources.crm.errors import UnexpectedAnswer
from orchestration.sources.crm.http import Account, Page
from orchestration.sources.crm.records import text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.neocrm.account import DESCRIPTION, XOQL, listed

PAGE = 2000
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
        span = [f"updatedAt < {_millis(pull.end)}"]
        if pull.start is not None:
            span.insert(0, f"updatedAt >= {_millis(pull.start)}")
        last = pull.resume if isinstance(pull.resume, str) else "0"
        for page, ids in query(pull.account, fields, object_key, span, after=last):
            pull.delivery.add(page.records, page.origin)
            pull.delivery.checkpoint(ids[-1])
            pull.progress(f"{pull.delivery.rows:,} changed so far")
        # Nothing tells of deletions: what is no longer named has gone.
        for _, ids in query(pull.account, "id", object_key):
            pull.delivery.present(ids)

    return pull


def query(
    account: Account, fields: str, object_key: str, where: list[str] | None = None, after: str = "0"
) -> Iterator[tuple[Page, list[str]]]:
    """Give each page of a query in the order of the ids after one, with its ids.

    Raises ``UnexpectedAnswer`` for records that come in another order: the next page would begin
    at the wrong one.
    """
    while True:
        conditions = " and ".join([*(where or []), f"id > {after}"])
        text = f"select {fields} from {object_key} where {conditions} order by id limit 0,{PAGE}"
        account.afford(1)
        answer = account.ask(XOQL, "POST", data={"xoql": text})
        page = Page(listed(answer, "records"), answer)
        if not page.records:
            return
        ids = [text_at(record, ("id",)) or "" for record in page.records]
        if not all(id_.isdecimal() for id_ in ids):
            raise UnexpectedAnswer(f"a record of {object_key} has no number for its id")
        numbers = [int(id_) for id_ in (after, *ids)]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise UnexpectedAnswer(f"the records of {object_key} do not come in the order of id")
        yield page, ids
        after = ids[-1]


def fields_of(account: Account, object_key: str) -> list[str]:
    """Return the fields of an object to select: every described one, custom ones included."""
    settings = account.settings
    left_out = set(settings.left_out_fields)  # type: ignore[attr-defined]
    found = []
    for field in listed(account.get(DESCRIPTION.format(object_key)), "fields"):
        name = text_at(field, ("apiKey",))
        if name and name not in left_out and text_at(field, ("type",)) not in _UNREADABLE_TYPES:
            found.append(name)
    return list(dict.fromkeys((*NEEDED[object_key], *found)))


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
