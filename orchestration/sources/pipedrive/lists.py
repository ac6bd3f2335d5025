"""The short lists, the deals and the leads: what is asked for, and how pages follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.sources.helpers.rest_client.paginators import (
    JSONResponseCursorPaginator,
    SinglePagePaginator,
)

from orchestration.sources.crm.errors import UnexpectedAnswer
from orchestration.sources.crm.http import Page
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull

PAGE = 500
# The vendor lists deleted deals for 30 days; a day less is safe.
DELETED_LISTED = timedelta(days=29)
_DATA = ("data",)
_EXTRA_FIELDS = "source_lead_id,first_won_time"
# Each list of deals: its path, the tokens of a page, which deals, and whether only those that
# changed. Archived deals come first, so that one taken out of the archive meanwhile is seen in the
# second list. Deleted ones come whole: whether a deletion moves update_time is not documented.
_DEAL_LISTS = (
    ("/api/v2/deals/archived", 20, "open,won,lost,deleted", True),
    ("/api/v2/deals", 10, "open,won,lost", True),
    ("/api/v2/deals", 10, "deleted", False),
)
_MOST_STEPS_BACK = 20


def cursor_pages(pull: Pull, path: str, cost: int, **params: str | int) -> Iterator[Page]:
    """Ask a list with cursors, page after page, each for so many tokens, if they can be had."""
    paginator = JSONResponseCursorPaginator(
        cursor_path="additional_data.next_cursor", cursor_param="cursor"
    )
    asked = {"limit": PAGE, **params}
    pull.account.afford(1, cost)
    for page in pull.account.pages(path, _DATA, paginator, params=asked):
        yield page
        if text_at(page.response.content, ("additional_data", "next_cursor")) is not None:
            pull.account.afford(1, cost)


def pull_pipelines(pull: Pull) -> None:
    """Pull every pipeline."""
    for page in cursor_pages(pull, "/api/v2/pipelines", 5):
        pull.delivery.add(page.records, page.origin)


def pull_stages(pull: Pull) -> None:
    """Pull every stage."""
    for page in cursor_pages(pull, "/api/v2/stages", 5):
        pull.delivery.add(page.records, page.origin)


def pull_users(pull: Pull) -> None:
    """Pull every user; the vendor gives them in one page."""
    for page in pull.account.pages("/api/v1/users", _DATA, SinglePagePaginator()):
        pull.delivery.add(page.records, page.origin)


def pull_deals(pull: Pull) -> None:
    """Pull the deals that changed, oldest change first.

    No upper bound is asked for: a deal that changes meanwhile moves to the end of the list, where
    it is met again; with a bound it would drop out of it.
    """
    start = pull.start
    resume: Mapping[str, Any] = pull.resume or {"list": 0, "since": None}
    if is_whole := start is not None and pull.end - start > DELETED_LISTED:
        # Deals that were deleted and purged since are in no list: all are listed, from the
        # beginning, and what is missing was removed.
        start, resume = None, {"list": 0, "since": None}
    for number, (path, cost, status, is_changed_only) in enumerate(_DEAL_LISTS):
        if number < resume["list"]:
            continue
        since = _stamp(start) if start is not None and is_changed_only else None
        if number == resume["list"]:
            since = resume["since"] or since
        params: dict[str, str | int] = {
            "status": status,
            "sort_by": "update_time",
            "sort_direction": "asc",
            "include_fields": _EXTRA_FIELDS,
        }
        if since is not None:
            params["updated_since"] = since
        for page in cursor_pages(pull, path, cost, **params):
            pull.delivery.add(page.records, page.origin)
            if page.records:
                newest = text_at(page.records[-1], ("update_time",))
                pull.delivery.checkpoint({"list": number, "since": newest})
            pull.progress(f"{pull.delivery.rows:,} deals so far")
        pull.delivery.checkpoint({"list": number + 1, "since": None})
    if is_whole:
        pull.delivery.holds_everything()


def pull_leads(pull: Pull) -> None:
    """Pull every lead: nothing tells that a lead was deleted but its absence.

    A lead may leave the archive after the first list and before the second: so what changed
    meanwhile is asked for once more.
    """
    begun = pull.end
    for path, cost in (("/api/v1/leads", 20), ("/api/v1/leads/archived", 40)):
        for page in _numbered_pages(pull, path, cost, {}):
            pull.delivery.add(page.records, page.origin)
            pull.delivery.checkpoint("from the beginning")
    for page in _numbered_pages(pull, "/api/v1/leads", 20, {"updated_since": _stamp(begun)}):
        pull.delivery.add(page.records, page.origin)


def _numbered_pages(pull: Pull, path: str, cost: int, params: Mapping[str, str]) -> Iterator[Page]:
    """Ask a list page after page, by the number of its first record.

    When a record is taken away from an earlier page, all later ones move up, and one would be
    skipped. So each page begins with the last record of the page before; if it doesn't, the list
    has moved and we step back.
    """
    seen: set[str] = set()
    start = steps_back = 0
    while True:
        asked = {"limit": PAGE, "start": start, "sort": "id ASC", **params}
        pull.account.afford(1, cost)
        response = pull.account.get(path, params=asked)
        page = Page(slices(response.content, _DATA), response)
        ids = [text_at(record, ("id",)) or "" for record in page.records]
        if start and (not ids or ids[0] not in seen):
            steps_back += 1
            if steps_back > _MOST_STEPS_BACK:
                raise UnexpectedAnswer(
                    f"{pull.account.settings.name}: {path} moves faster than it can be read; "
                    "try at a quieter hour"
                )
            start = max(0, start - PAGE + 1)
            continue
        yield page
        seen.update(ids)
        if not ids or not has_more(response.json()):
            return
        start += max(1, len(ids) - 1)


def has_more(body: Mapping[str, Any]) -> bool:
    """Whether a numbered list goes on. Its page numbers stand in ``pagination`` or, as the
    vendor's own description of some lists has it, one level higher."""
    told = body.get("additional_data") or {}
    return bool((told.get("pagination") or told).get("more_items_in_collection"))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
