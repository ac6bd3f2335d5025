"""The log of changes of each deal, one landed record a change of one field.

The vendor gives no id for a change; the one made here stays the same however the log grows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

from orchestration.sources.crm.records import text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.pipedrive.account import NotThere
from orchestration.sources.pipedrive.lists import cursor_pages

COST = 20
_NAMING = ("field_key", "time", "old_value", "new_value", "actor_user_id")


def pull_deal_changes(pull: Pull) -> None:
    """Pull the whole log of every deal that landed since; only new changes land of it.

    A log comes newest first and is landed oldest first, so that the order of landing is the order
    of changes within one second. A deal without any change lands the empty answer itself: it says
    that the log was read.
    """
    deals = pull.landed_ids("deals")
    left = [deal for deal in deals if pull.resume is None or int(deal) > pull.resume]
    for number, deal in enumerate(left, start=1):
        try:
            _pull_log(pull, deal)
        except NotThere:
            # Deleted for good since it was listed; what its log told before stays.
            pull.progress(f"deal {deal} has no log any more")
        pull.delivery.checkpoint(int(deal))
        if number % 100 == 0:
            pull.progress(f"{number:,} of {len(left):,} logs read")


def _pull_log(pull: Pull, deal: str) -> None:
    changes: list[bytes] = []
    origin, first_answer = "", b""
    for page in cursor_pages(pull, f"/api/v1/deals/{deal}/changelog", COST):
        changes += page.records
        origin, first_answer = page.origin, first_answer or page.response.content
    if changes:
        pull.delivery.add(reversed(changes), origin, naming(deal))
    else:
        pull.delivery.add([first_answer], origin, lambda record: f"{deal}|read")


def naming(deal: str) -> Callable[[bytes], str]:
    """Return a function that names the changes of one deal's log, given oldest first.

    Changes that are the same in field, time, values and author are told apart by their number.
    """
    seen: Counter[str] = Counter()

    def name(record: bytes) -> str:
        told = "\x1f".join(text_at(record, (key,)) or "\x00" for key in _NAMING)
        digest = hashlib.sha256(told.encode()).hexdigest()[:24]
        seen[digest] += 1
        return f"{deal}|{digest}|{seen[digest]}"

    return name
