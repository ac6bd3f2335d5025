"""The periods that deals and leads spent in a stage or status, by queries (COQL).

A row is changed when its record leaves the stage, at a time that no query can ask for: so what is
asked for is the rows of the records that changed, beside the rows of the time in question. Pages
follow each other by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from orchestration.sources.crm.errors import NotOffered, NotPermitted
from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.zoho.account import Refusal, ZohoAccount, credits_of
from orchestration.sources.zoho.records import fields_of, header_time

DEAL_HISTORY = "DealHistory"
DEAL, LEAD = "Potential_Name", "Full_Name"
_DATA = ("data",)
_FIELDS_A_QUERY = 50
_IDS_A_QUERY = 50
_LARGE_PAGE, _SMALL_PAGE = 2000, 200
# Of so many changed records, asking one by one costs more than reading the whole.
_MOST_ASKED = 5000
_OF_DEALS = (
    *(DEAL, "Stage", "Moved_To__s", "Modified_Time", "Amount", "Probability"),
    *("Expected_Revenue", "Closing_Date", "Currency", "Exchange_Rate"),
)
_OF_LEADS = (LEAD, "Lead_Status", "Moved_To__s", "Modified_Time")
# Types of which COQL is known to take fields.
_QUERIED = frozenset(
    {
        *("text", "textarea", "picklist", "lookup", "ownerlookup", "currency", "double", "integer"),
        *("bigint", "percent", "date", "datetime", "boolean", "formula", "autonumber"),
    }
)


def pull_deal_history(pull: Pull) -> None:
    """Pull the stage history of deals."""
    _pull(pull, DEAL_HISTORY, DEAL, _OF_DEALS, "deals")


def pull_lead_history(pull: Pull) -> None:
    """Pull the status history of leads, if a module that tracks it is configured."""
    module = pull.account.settings.lead_history_module
    if module is None:
        raise NotOffered(
            f"{pull.account.settings.name}: no lead_history_module is set; without one, a lead's "
            "status is known from the nights that saw it"
        )
    _pull(pull, module, LEAD, _OF_LEADS, "leads")


def query_fields(account: ZohoAccount, module: str, needed: Sequence[str]) -> list[str]:
    """Return the fields to ask for: those that a history module has, or if it does not tell
    them, those that it is known to have."""
    try:
        told = fields_of(account, module)
    except (Refusal, NotPermitted, NotOffered):
        told = []  # history modules are hidden, and their fields may be too
    names = [field.name for field in told if field.type in _QUERIED]
    if not names:
        return list(needed)
    kept = [name for name in needed if name in names]
    others = [name for name in names if name not in kept and name != "id"]
    return [*kept, *others][:_FIELDS_A_QUERY]


def _pull(pull: Pull, module: str, lookup: str, needed: Sequence[str], records: str) -> None:
    fields = query_fields(pull.account, module, needed)
    ask = partial(_rows, pull, f"select {', '.join(fields)} from {module}")
    changed = [] if pull.start is None else pull.landed_ids(records)
    if pull.resume or pull.start is None or len(changed) > _MOST_ASKED:
        # What is asked for the whole carries on after its last row.
        ask("", _LARGE_PAGE, after=(pull.resume or {}).get("after", "0"), keeps_place=True)
        return
    ask(f"Modified_Time >= '{header_time(pull.start)}' and ", _LARGE_PAGE)
    for place in range(0, len(changed), _IDS_A_QUERY):
        ids = ", ".join(f"'{id_}'" for id_ in changed[place : place + _IDS_A_QUERY])
        ask(f"{lookup} in ({ids}) and ", _SMALL_PAGE)


def _rows(
    pull: Pull,
    select: str,
    condition: str,
    limit: int,
    *,
    after: str = "0",
    keeps_place: bool = False,
) -> None:
    for page, origin in _pages(pull, select, condition, limit, after):
        pull.delivery.add(page, origin)
        if keeps_place and page:
            pull.delivery.checkpoint({"after": text_at(page[-1], ("id",))})
        pull.progress(f"{pull.delivery.rows:,} periods so far")


def _pages(
    pull: Pull, select: str, condition: str, limit: int, after: str
) -> Iterator[tuple[list[bytes], str]]:
    while True:
        query = f"{select} where {condition}id > {after} order by id asc limit {limit}"
        pull.account.afford(1, credits_of(query))
        response = pull.account.ask("/coql", "POST", json={"select_query": query})
        page = slices(response.content, _DATA) if response.content.strip() else []
        yield page, origin_of(response)
        if not page or not response.json().get("info", {}).get("more_records"):
            return
        after = text_at(page[-1], ("id",)) or after
