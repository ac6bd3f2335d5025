"""The past of deals and leads: each value that a tracked property was set to.

HubSpot tells a property's history inside the record, newest first and cut off after some twenty
values. Here each value becomes a record of its own, so that what once landed stays, and what is
told again is nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.kinds import DEALS, Kind, lead_kind
from orchestration.sources.hubspot.lists import joined
from orchestration.sources.hubspot.records import batches

# With history, HubSpot takes half as many ids as without.
_BATCH = 50
_READ = msgspec.json.Decoder(dict[str, msgspec.Raw])
_READ_HISTORIES = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])


def pull_deal_changes(pull: Pull) -> None:
    """Deliver the values that the deals landed since had over time. Raises ``CrmError``."""
    _pull(pull, "deals", DEALS)


def pull_lead_changes(pull: Pull) -> None:
    """Deliver the values that the leads landed since had over time. Raises ``CrmError``."""
    _pull(pull, "leads", lead_kind(pull.account.settings))


def _pull(pull: Pull, table: str, kind: Kind) -> None:
    ids = pull.landed_ids(table)
    # Archived records are asked for apart, and wait until a batch of them is full.
    waiting: list[str] = []
    if pull.resume is not None:
        ids = [id_ for id_ in ids if place(id_) > place(pull.resume["after"])]
        waiting = pull.resume["waiting"]
    done = 0
    for batch in batches(ids, _BATCH):
        waiting += _read(pull, kind, batch, archived=False)
        if len(waiting) >= _BATCH:
            _read(pull, kind, waiting[:_BATCH], archived=True)
            waiting = waiting[_BATCH:]
        pull.delivery.checkpoint({"after": batch[-1], "waiting": waiting})
        done += len(batch)
        if len(ids) > _BATCH:
            pull.progress(f"history of {done:,} of {len(ids):,} {table}")
    if waiting:
        _read(pull, kind, waiting, archived=True)


def _read(pull: Pull, kind: Kind, ids: Sequence[str], *, archived: bool) -> list[str]:
    """Deliver what is told of these records; return those that are not there."""
    account: HubspotAccount = pull.account
    account.afford(1)
    answer = account.read(kind, ids, history=kind.tracked, archived=archived)
    there = set()
    for record in slices(answer.content, ("results",)):
        there.add(text_at(record, ("id",)))
        pull.delivery.add(values_of(record, kind.tracked), origin_of(answer), change_key)
    return [id_ for id_ in ids if id_ not in there]


def place(id_: str) -> tuple[int, str]:
    """Return what orders ids as numbers, as ``Pull.landed_ids`` does."""
    return len(id_), id_


def values_of(record: bytes, tracked: Sequence[str]) -> Iterator[bytes]:
    """Give each value of a record's history as a record of its own, oldest first.

    ``number`` orders the values of one property at one instant, from 0.
    """
    told = _READ.decode(record)
    histories = _READ_HISTORIES.decode(told.get("propertiesWithHistory") or b"{}")
    for name in tracked:
        before, number = None, 0
        for value in reversed(histories.get(name, ())):
            at = text_at(bytes(value), ("timestamp",))
            number = number + 1 if at == before else 0
            before = at
            yield joined(
                recordId=told["id"],
                property=msgspec.json.encode(name),
                number=str(number).encode(),
                change=value,
            )


def change_key(change: bytes) -> str | None:
    """Return what names a change: record, property, instant and value.

    Not its place, which moves once the history is cut off before it.
    """
    parts = [
        text_at(change, path)
        for path in (("recordId",), ("property",), ("change", "timestamp"), ("change", "value"))
    ]
    return None if None in parts[:3] else "|".join(part or "" for part in parts)
