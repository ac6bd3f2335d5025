"""Objects that are asked for by what changed in a span of time, by REST or in bulk.

Which of the two is decided by the number of records. Paged by the unique id: a run that ends early
carries on behind the last record that it kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

from orchestration.sources.crm.errors import NotOffered, NotPermitted, SourceUnavailable
from orchestration.sources.crm.http import Page
from orchestration.sources.crm.records import text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.salesforce.account import Refusal, SalesforceAccount
from orchestration.sources.salesforce.bulk import BulkQuery
from orchestration.sources.salesforce.fields import Fields

PAGE = 2000
# Salesforce takes addresses of 16,384 bytes; the host and the path need some.
_LONGEST_QUERY = 15_000
_RESTARTS = 5
_UNKNOWN = frozenset({"INVALID_TYPE", "NOT_FOUND"})
_FORBIDDEN = frozenset({"INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INVALID_FIELD"})
# What says that a query is too much for one answer.
_TOO_MUCH = frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE", "URI_TOO_LONG"})


@dataclass(frozen=True)
class Queried:
    """An object of Salesforce and how its changes are found.

    ``by`` is the time that a change moves. ``all_rows`` asks for deleted rows too. ``absent`` says
    what it means where the org has no such object; null: that the login may not see it.
    """

    sobject: str
    by: str
    needed: tuple[str, ...]
    all_rows: bool = True
    absent: str | None = None


class _Head(msgspec.Struct):
    """The head of a page."""

    totalSize: int  # noqa: N815
    done: bool = True


_READ_HEAD = msgspec.json.Decoder(_Head)


def puller(item: Queried) -> Callable[[Pull], None]:
    """Return the extraction of an object by its changes."""

    def pull(pull: Pull) -> None:
        with_reasons(item, lambda: _pull(item, pull))

    return pull


def with_reasons(item: Queried, ask: Callable[[], None]) -> None:
    """Ask, and say in plain words what it means if Salesforce does not know the object."""
    try:
        ask()
    except Refusal as refusal:
        raise reason_of(item, refusal) from refusal


def reason_of(item: Queried, refusal: Refusal) -> Exception:
    """Return a refusal in plain words, or itself."""
    if refusal.code in _UNKNOWN and item.absent is not None:
        return NotOffered(item.absent)
    if refusal.code in _UNKNOWN | _FORBIDDEN:
        return NotPermitted(
            f"this login may not read {item.sobject} ({refusal}); grant Read on {item.sobject} "
            "and on its fields in a permission set of the integration user (Setup > Permission "
            "Sets > Object Settings)"
        )
    return refusal


def describe(account: SalesforceAccount, sobject: str) -> Fields:
    """Return the fields that this login may read. Raises ``Refusal``."""
    account.afford()
    return Fields.of(account.get(f"/sobjects/{sobject}/describe").json())


def _pull(item: Queried, pull: Pull) -> None:
    account: SalesforceAccount = pull.account
    fields = describe(account, item.sobject)
    lacking = fields.missing([*item.needed, "Id", item.by])
    if lacking:
        raise NotPermitted(
            f"this login does not see {', '.join(lacking)} of {item.sobject}; grant Read on these "
            "fields in a permission set of the integration user (Setup > Permission Sets > Object "
            "Settings), or make them visible in field-level security"
        )
    pull.delivery.versions_by(fields.same_text())
    bulk = BulkQuery(account, pull, item.sobject, all_rows=item.all_rows)
    resume = pull.resume or {}
    if "job" in resume and bulk.carry_on(resume["job"], resume.get("locator")):
        return
    after: str | None = resume.get("after")
    for _ in range(_RESTARTS):
        try:
            if _is_small(account, item, fields, pull, after):
                _by_pages(account, item, fields, pull, after, most=account.settings.bulk_above)
                return
        except _Outgrown:
            pass
        except Refusal as refusal:
            if refusal.code != "INVALID_QUERY_LOCATOR":
                raise
            pull.progress("the query's cursor has expired, asking anew from the last record on")
            after = _kept(pull)
            continue
        bulk.run(_soql(item, fields, pull, after, ordered=False))
        return
    raise SourceUnavailable(
        f"{account.settings.name}: the cursor over {item.sobject} expired {_RESTARTS} times"
    )


class _Outgrown(Exception):
    """So many records that they are asked for in bulk."""


def _is_small(
    account: SalesforceAccount, item: Queried, fields: Fields, pull: Pull, after: str | None
) -> bool:
    """Whether the answer may fit in pages of REST.

    Counted only where much may come: a night's changes are few, and their first page says how
    many there are.
    """
    if len(quote(_soql(item, fields, pull, after))) > _LONGEST_QUERY:
        return False
    if pull.start is not None or after is not None:
        return True
    soql = f"SELECT COUNT() FROM {item.sobject}{_where(item, pull, after)}"
    try:
        account.afford()
        head = _READ_HEAD.decode(account.get(f"/{_resource(item)}", params={"q": soql}).content)
    except Refusal as refusal:
        if refusal.code in _TOO_MUCH:
            return False
        raise
    return head.totalSize <= account.settings.bulk_above


def _by_pages(
    account: SalesforceAccount,
    item: Queried,
    fields: Fields,
    pull: Pull,
    after: str | None,
    *,
    most: int,
) -> None:
    soql = _soql(item, fields, pull, after)
    try:
        for number, page in enumerate(pages(account, _resource(item), soql)):
            head = _READ_HEAD.decode(page.response.content)
            if number == 0 and head.totalSize > most:
                raise _Outgrown
            if page.records:
                pull.delivery.add(page.records, page.origin, ("Id",))
                last = text_at(page.records[-1], ("Id",))
                pull.delivery.checkpoint({"after": last})
    except Refusal as refusal:
        if refusal.code in _TOO_MUCH:
            raise _Outgrown from None
        raise


def _kept(pull: Pull) -> str | None:
    """Return the last record behind which the delivery can carry on."""
    kept = pull.delivery.kept or pull.resume or {}
    after: str | None = kept.get("after")
    return after


def pages(account: SalesforceAccount, resource: str, soql: str) -> Iterator[Page]:
    """Ask page after page of a query."""
    account.afford()
    for page in account.pages(
        f"/{resource}",
        ("records",),
        JSONLinkPaginator("nextRecordsUrl"),
        params={"q": soql},
        headers={"Sforce-Query-Options": f"batchSize={PAGE}"},
    ):
        yield page
        if not _READ_HEAD.decode(page.response.content).done:
            account.afford()


def _resource(item: Queried) -> str:
    return "queryAll" if item.all_rows else "query"


def _soql(
    item: Queried, fields: Fields, pull: Pull, after: str | None, *, ordered: bool = True
) -> str:
    # In bulk an order would keep Salesforce from cutting the table into pieces.
    order = " ORDER BY Id" if ordered else ""
    return f"SELECT {fields.select()} FROM {item.sobject}{_where(item, pull, after)}{order}"


def _where(item: Queried, pull: Pull, after: str | None) -> str:
    conditions = [f"{item.by} < {soql_time(pull.end)}"]
    if pull.start is not None:
        conditions.insert(0, f"{item.by} >= {soql_time(pull.start)}")
    if after is not None:
        conditions.append(f"Id > '{after}'")
    return f" WHERE {' AND '.join(conditions)}"


def soql_time(at: datetime) -> str:
    """Return an instant as SOQL writes it, in UTC and milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
