"""What trying an org before its first night shows: login, objects, fields, what is not tracked."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.sources.crm.errors import CrmError, WrongCredentials
from orchestration.sources.crm.findings import Finding
from orchestration.sources.crm.http import Account
from orchestration.sources.crm.records import text_at
from orchestration.sources.salesforce import changing, lists
from orchestration.sources.salesforce.account import Refusal, SalesforceAccount
from orchestration.sources.salesforce.fields import Fields
from orchestration.sources.salesforce.queries import Queried, describe, pages, reason_of

# What a night asks of an org, whatever its size, with room for repeats.
_CALLS_A_NIGHT = 100
_NEEDED = (
    *(changing.OPPORTUNITY, changing.OPPORTUNITY_HISTORY, changing.LEAD, changing.USER),
    *(lists.OPPORTUNITY_STAGES, lists.LEAD_STATUSES, lists.RECORD_TYPES),
)
_OPTIONAL = (
    *(changing.OPPORTUNITY_FIELD_HISTORY, changing.LEAD_HISTORY, lists.USER_ROLES, lists.QUEUES),
    *(lists.CURRENCY_TYPES, lists.CONVERSION_RATES),
)
# The tracked fields whose past would otherwise be unknown.
_TRACKED = {"Opportunity": ("OwnerId", "RecordTypeId"), "Lead": ("Status", "OwnerId")}
_WISHED = {"Lead": ("MasterRecordId", "LeadSource", "ConvertedDate")}


def check(account: Account) -> Iterator[Finding]:
    """Try everything that a night needs."""
    assert isinstance(account, SalesforceAccount)
    try:
        limits = account.get("/limits").json()
    except WrongCredentials as error:
        yield Finding("credentials", False, str(error))
        return
    yield Finding("credentials", True, f"the login works; the data is at {account.base_url}")
    yield from _allowance(limits)
    seen: dict[str, Fields] = {}
    for item in _NEEDED:
        yield from _object(account, item, seen, is_needed=True)
    for item in _OPTIONAL:
        yield from _object(account, item, seen, is_needed=False)
    yield from _currency(account, seen)
    for sobject, wanted in _TRACKED.items():
        yield from _tracking(account, sobject, wanted)


def _allowance(limits: object) -> Iterator[Finding]:
    calls = limits.get("DailyApiRequests") if isinstance(limits, dict) else None
    if not isinstance(calls, dict):
        return
    left, most = int(calls.get("Remaining", 0)), int(calls.get("Max", 0))
    is_good = left >= _CALLS_A_NIGHT
    told = f"{left:,} of {most:,} API calls of 24 hours are left"
    if not is_good:
        told += f"; a night needs about {_CALLS_A_NIGHT}. Ask Salesforce for more, or wait"
    yield Finding("API calls", is_good, told, is_needed=False)


def _object(
    account: SalesforceAccount, item: Queried, seen: dict[str, Fields], *, is_needed: bool
) -> Iterator[Finding]:
    try:
        fields = describe(account, item.sobject)
    except Refusal as refusal:
        yield Finding(item.sobject, False, str(reason_of(item, refusal)), is_needed)
        return
    except CrmError as error:
        yield Finding(item.sobject, False, str(error), is_needed)
        return
    seen[item.sobject] = fields
    lacking = fields.missing([*item.needed, *((item.by,) if item.by else ())])
    if lacking:
        yield Finding(item.sobject, False, _hidden(item.sobject, lacking), is_needed)
    else:
        yield Finding(item.sobject, True, f"{len(fields.types)} fields can be read")
    wished = fields.missing(_WISHED.get(item.sobject, ()))
    if wished:
        yield Finding(f"{item.sobject}, more fields", False, _hidden(item.sobject, wished), False)
    for use, name in account.settings.custom_fields.of(item.sobject).items():
        if name not in fields.types:
            told = f"custom_fields.{use} names {name}; {_hidden(item.sobject, [name])}"
            yield Finding(f"{item.sobject}.{name}", False, told)


def _hidden(sobject: str, names: list[str]) -> str:
    return (
        f"{', '.join(names)} can't be read; grant Read on these fields of {sobject} in a "
        "permission set of the integration user (Setup > Permission Sets > Object Settings)"
    )


def _currency(account: SalesforceAccount, seen: dict[str, Fields]) -> Iterator[Finding]:
    fields = seen.get("Opportunity")
    if fields is None:
        return
    if "CurrencyIsoCode" in fields.types:
        yield Finding("currency", True, "each opportunity tells its own")
    elif account.settings.currency:
        yield Finding("currency", True, f"amounts are in {account.settings.currency}")
    else:
        told = (
            "this org has one currency, which its API does not name; set currency, such as "
            '"EUR", in its settings, or amounts have no value in the reporting currency'
        )
        yield Finding("currency", False, told)


def _tracking(
    account: SalesforceAccount, sobject: str, wanted: tuple[str, ...]
) -> Iterator[Finding]:
    try:
        tracked = {
            text_at(record, ("QualifiedApiName",))
            for page in pages(account, "query", lists.tracked_fields_of(sobject))
            for record in page.records
        }
    except CrmError as error:
        told = f"whether fields are tracked can't be read ({error})"
        yield Finding(f"history of {sobject}", False, told, is_needed=False)
        return
    missing = [name for name in wanted if name not in tracked]
    if missing:
        told = (
            f"{', '.join(missing)} of {sobject} are not tracked, so their changes are known only "
            f"from the nights that see them. Setup > Object Manager > {sobject} > Fields & "
            "Relationships > Set History Tracking"
        )
        yield Finding(f"history of {sobject}", False, told, is_needed=False)
    else:
        yield Finding(f"history of {sobject}", True, f"{', '.join(wanted)} are tracked")
