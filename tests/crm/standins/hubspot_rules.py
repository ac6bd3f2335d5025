"""What HubSpot accepts, and the words in which it refuses or limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.crm.messages import Answer, BadParameter, Refused, Request, json_answer, only_keys
from tests.crm.standins.hubspot_shapes import stamp

_CORRELATION = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
_LONGEST_ADDRESS = 8_000
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "GTE": lambda a, b: a >= b,
    "GT": lambda a, b: a > b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


def answer(value: Any, status: int = 200) -> Answer:
    """Return an answer with the limits in its headers."""
    return json_answer(
        value,
        status,
        {
            "X-HubSpot-RateLimit-Max": "190",
            "X-HubSpot-RateLimit-Remaining": "180",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": "640000",
        },
    )


def error(status: int, category: str, message: str, **more: Any) -> Answer:
    """Return an error in HubSpot's words."""
    body = {
        "status": "error",
        "message": message,
        "correlationId": _CORRELATION,
        "category": category,
        **more,
    }
    return json_answer(body, status)


def forbidden(scopes: Sequence[str]) -> Answer:
    """Return the refusal of a token without these scopes."""
    return error(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
    )


def limited(policy: str) -> Answer:
    """Return the refusal of one request too many."""
    told = error(
        429,
        "RATE_LIMITS",
        f"You have reached your {policy.lower()} limit.",
        errorType="RATE_LIMIT",
        policyName=policy,
    )
    return told


def check_address(request: Request) -> None:
    """Refuse an address that is too long."""
    length = len(request.path) + sum(
        len(name) + len(quote(value)) + 2 for name, vs in request.query.items() for value in vs
    )
    if length > _LONGEST_ADDRESS:
        raise Refused(Answer(414, b"URI Too Long", {"Content-Type": "text/plain"}))


def paged(request: Request, rows: Sequence[Mapping[str, Any]], largest: int) -> Answer:
    """Return a page of a short list; the cursor is a place in it."""
    limit = request.number("limit", 100, 1, largest)
    after = request.number("after", 0, 0, 10**9)
    told: dict[str, Any] = {"results": list(rows[after : after + limit])}
    if len(rows) > after + limit:
        told["paging"] = {"next": {"after": str(after + limit), "link": f"?after={after + limit}"}}
    return answer(told)


@dataclass(frozen=True)
class BatchRead:
    """Which records are asked for."""

    ids: list[str]
    properties: list[str]
    history: list[str]


def batch_read(body: Any) -> BatchRead:
    """Read a batch's body; with history it may name half as many."""
    only_keys(body, ("inputs", "properties", "propertiesWithHistory", "idProperty"))
    for name in ("inputs", "properties", "propertiesWithHistory"):
        if not isinstance(body.get(name), list):
            raise BadParameter(name, "required")
    ids = [_id(item) for item in body["inputs"]]
    largest = 50 if body["propertiesWithHistory"] else 100
    if not 1 <= len(ids) <= largest:
        raise BadParameter("inputs", f"between 1 and {largest} are allowed, not {len(ids)}")
    return BatchRead(ids, body["properties"], body["propertiesWithHistory"])


def association_ids(body: Any) -> list[str]:
    """Read the ids whose associations are asked for."""
    only_keys(body, ("inputs",))
    ids = [_id(item) for item in body.get("inputs", ())]
    if not 1 <= len(ids) <= 1000:
        raise BadParameter("inputs", f"between 1 and 1000 are allowed, not {len(ids)}")
    return ids


def _id(item: Any) -> str:
    only_keys(item, ("id", "after"), "inputs")
    if not isinstance(item.get("id"), str):
        raise BadParameter("id", "must be a text")
    return str(item["id"])


def batch_answer(
    now: datetime,
    results: Sequence[Mapping[str, Any]],
    missing: Sequence[str],
    why: str = "NOT_FOUND",
) -> Answer:
    """Return a batch's answer: 207 if something could not be found."""
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": list(results),
        "startedAt": stamp(now),
        "completedAt": stamp(now),
    }
    if not missing:
        return answer(body)
    body["numErrors"] = 1
    body["errors"] = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": f"crm.{why}",
            "message": "Could not get some objects, they may be deleted or not exist.",
            "context": {"ids": list(missing)},
        }
    ]
    return answer(body, 207)


@dataclass(frozen=True)
class Search:
    """A search that was understood."""

    groups: list[list[tuple[str, str, int]]]
    properties: list[str]
    limit: int
    after: int

    def holds(self, properties: Mapping[str, str | None]) -> bool:
        """Whether a record is found: one group holds wholly, or there is none."""
        if not self.groups:
            return True
        return any(
            all(_holds(properties.get(name), operator, value) for name, operator, value in group)
            for group in self.groups
        )


def search(body: Any, names: set[str]) -> Search:
    """Read a search's body."""
    only_keys(body, ("filterGroups", "sorts", "properties", "limit", "after", "query"))
    groups = body.get("filterGroups", [])
    limit, after = body.get("limit", 10), int(body.get("after", 0))
    if not isinstance(limit, int) or not 1 <= limit <= 200:
        raise BadParameter("limit", "must be between 1 and 200")
    if limit + after > 10_000:
        raise BadParameter("after", "no more than 10,000 records can be paged through")
    if len(groups) > 5 or sum(len(g["filters"]) for g in groups) > 18:
        raise BadParameter("filterGroups", "too many filters")
    if len(body.get("sorts", [])) > 1:
        raise BadParameter("sorts", "only one is allowed")
    for sort in body.get("sorts", []):
        only_keys(sort, ("propertyName", "direction"), "sorts")
        if (sort["propertyName"], sort.get("direction")) != ("hs_object_id", "ASCENDING"):
            raise BadParameter("sorts", "this stand-in sorts by id alone")
    understood = []
    for group in groups:
        if len(group["filters"]) > 6:
            raise BadParameter("filters", "too many in one group")
        understood.append([_filter(item, names) for item in group["filters"]])
    return Search(understood, body.get("properties", []), limit, after)


def _filter(item: Any, names: set[str]) -> tuple[str, str, int]:
    only_keys(item, ("propertyName", "operator", "value", "highValue", "values"), "filters")
    if item["propertyName"] not in names:
        raise BadParameter(item["propertyName"], "there is no such property")
    if item["operator"] not in _COMPARE:
        raise BadParameter("operator", f"{item['operator']} is not known here")
    if not isinstance(item["value"], str):
        raise BadParameter("value", "must be a text")
    return item["propertyName"], item["operator"], int(item["value"])


def _holds(told: str | None, operator: str, value: int) -> bool:
    if told is None:
        return False
    if not told.isdecimal():
        at = datetime.fromisoformat(told)
        told = str(round(at.timestamp() * 1000))
    return _COMPARE[operator](int(told), value)
