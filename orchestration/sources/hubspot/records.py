"""Deals and leads: all of them the first night, then what changed, and what was archived.

Search finds what changed, but from an index that follows late; so every few days a sweep reads the
database itself. Neither shows archived records: they have a list of their own, without any filter
by time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.kinds import DEALS, Kind, lead_kind
from orchestration.sources.hubspot.lists import list_pages

_SEARCH_PAGE = 200
_READ_BATCH = 100
# HubSpot refuses longer addresses with 414; where exactly it does not say.
LONGEST_NAMES = 4_000
_RESULTS = ("results",)


def pull_deals(pull: Pull) -> None:
    """Deliver deals as HubSpot sends them. Raises ``CrmError``."""
    _pull(pull, DEALS)


def pull_leads(pull: Pull) -> None:
    """Deliver leads, or the contacts that stand for them. Raises ``CrmError``."""
    _pull(pull, lead_kind(pull.account.settings))


def _pull(pull: Pull, kind: Kind) -> None:
    account: HubspotAccount = pull.account
    resume: dict[str, Any] = pull.resume or {"step": "live", "after": None}
    since = pull.start
    sweeps = is_sweep(pull.start, pull.end, account.settings.sweep_days)
    if since is not None and sweeps:
        # Once more all that changed since the sweep before this one.
        since -= timedelta(days=account.settings.sweep_days)
    if resume["step"] == "live":
        if sweeps:
            _listed(pull, kind, since, resume["after"])
        else:
            _searched(pull, kind, resume["after"])
        resume = {"step": "archived", "after": None}
        pull.delivery.checkpoint(resume)
    _archived(pull, kind, since, resume["after"])


def is_sweep(start: datetime | None, end: datetime, days: int) -> bool:
    """Whether a window is the first one, or the one in which another ``days`` days are over."""
    if start is None:
        return True
    epoch = datetime(2024, 1, 1, 12, tzinfo=UTC)
    return (start - epoch) // timedelta(days=days) < (end - epoch) // timedelta(days=days)


def _searched(pull: Pull, kind: Kind, after: str | None) -> None:
    """Deliver what changed in the window, by ever higher ids.

    Each page is a query of its own. Paging through one query would end after 10,000 records, and
    skip one for each record that changes meanwhile and so leaves the window.
    """
    account: HubspotAccount = pull.account
    assert pull.start is not None
    names = account.property_names(kind)
    done = 0
    while True:
        window = [_filter(kind.changed, "GTE", pull.start), _filter(kind.changed, "LT", pull.end)]
        beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": after or "0"}
        answer = account.ask(
            account.objects(kind, "search"),
            "POST",
            json={
                "filterGroups": [{"filters": [*window, beyond]}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": names,
                "limit": _SEARCH_PAGE,
                "after": "0",
            },
        )
        found = slices(answer.content, _RESULTS)
        done += pull.delivery.add(found, origin_of(answer))
        if len(found) < _SEARCH_PAGE:
            return
        after = text_at(found[-1], ("id",))
        pull.delivery.checkpoint({"step": "live", "after": after})
        left = int(answer.json()["total"]) - len(found)
        pull.progress(f"{done:,} of {done + left:,} changed {kind.object_type}")


def _filter(name: str, operator: str, at: datetime) -> dict[str, str]:
    stamp = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return {"propertyName": name, "operator": operator, "value": str(stamp)}


def _listed(pull: Pull, kind: Kind, since: datetime | None, after: str | None) -> None:
    """Deliver what changed since a moment (null: everything) from the list of all records."""
    account: HubspotAccount = pull.account
    names = account.property_names(kind)
    fits = len(",".join(names)) <= LONGEST_NAMES
    done = 0
    for page, cursor in list_pages(
        account, account.objects(kind), after, properties=",".join(names) if fits else kind.changed
    ):
        wanted = [r for r in page.records if since is None or _stamp(r, "updatedAt") >= since]
        if fits:
            pull.delivery.add(wanted, page.origin)
        else:
            _read(pull, kind, wanted, names, archived=False)
        done += len(page.records)
        if cursor is not None:
            pull.delivery.checkpoint({"step": "live", "after": cursor})
            pull.progress(f"{done:,} {kind.object_type} looked through")


def _archived(pull: Pull, kind: Kind, since: datetime | None, after: str | None) -> None:
    """Deliver what was archived since a moment (null: all that still can be read)."""
    account: HubspotAccount = pull.account
    names = account.property_names(kind)
    for page, cursor in list_pages(
        account, account.objects(kind), after, properties=kind.changed, archived="true"
    ):
        wanted = [r for r in page.records if since is None or _stamp(r, "archivedAt") >= since]
        _read(pull, kind, wanted, names, archived=True)
        if cursor is not None:
            pull.delivery.checkpoint({"step": "archived", "after": cursor})


def _read(
    pull: Pull, kind: Kind, records: Sequence[bytes], names: Sequence[str], *, archived: bool
) -> None:
    account: HubspotAccount = pull.account
    ids = [text_at(record, ("id",)) or "" for record in records]
    for batch in batches(ids, _READ_BATCH):
        answer = account.read(kind, batch, properties=names, archived=archived)
        pull.delivery.add(slices(answer.content, _RESULTS), origin_of(answer))


def batches(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Cut a list into pieces."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _stamp(record: bytes, name: str) -> datetime:
    """Return an instant of a record; one that has none has changed just now."""
    text = text_at(record, (name,))
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)
