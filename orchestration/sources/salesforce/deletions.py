"""The feed of deletions, for records that leave the recycle bin before a night sees them there.

Deleted records that are still in the bin come with their object (``queryAll``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.salesforce.account import Refusal, SalesforceAccount
from orchestration.sources.salesforce.queries import Queried, with_reasons

# The feed tells fifteen days; an hour is kept for clocks that differ.
_REACH = timedelta(days=15) - timedelta(hours=1)
# What it covers may end days before the present while a long transaction is open.
_OVERLAP = timedelta(days=2)
_TOO_MANY = "EXCEEDED_ID_LIMIT"


def deletions_of(item: Queried) -> Callable[[Pull], None]:
    """Return the extraction of an object's deletions.

    The first night asks for none: a record that was gone before is not known.
    """

    def pull(pull: Pull) -> None:
        if pull.start is None:
            return
        first = pull.end - _REACH
        if pull.start < first:
            pull.progress(
                f"records of {item.sobject} that were deleted for good before "
                f"{first:%Y-%m-%d} can't be told any more"
            )
        start = max(first, pull.start - _OVERLAP)
        with_reasons(item, lambda: _ask(pull, item.sobject, start, pull.end))

    return pull


def _ask(pull: Pull, sobject: str, start: datetime, end: datetime) -> None:
    account: SalesforceAccount = pull.account
    account.afford()
    try:
        response = account.get(
            f"/sobjects/{sobject}/deleted/",
            params={"start": _minute(start), "end": _minute(end + timedelta(minutes=1))},
        )
    except Refusal as refusal:
        if refusal.code != _TOO_MANY or end - start < timedelta(hours=1):
            raise
        middle = start + (end - start) / 2
        _ask(pull, sobject, start, middle)
        _ask(pull, sobject, middle, end)
        return
    pull.delivery.add(slices(response.content, ("deletedRecords",)), origin_of(response), _key)


def _key(record: bytes) -> str | None:
    id_, at = text_at(record, ("id",)), text_at(record, ("deletedDate",))
    return None if id_ is None or at is None else f"{id_}|{at}"


def _minute(at: datetime) -> str:
    """Return an instant cut off to the minute: Salesforce takes no notice of seconds."""
    return at.astimezone(UTC).replace(second=0, microsecond=0).isoformat()
