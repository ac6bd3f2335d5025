"""Pipedrive on loopback: its endpoints, paging, errors, tokens and silences."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.crm.faults import FaultPlan
from tests.crm.happenings import Record, Ref
from tests.crm.messages import Answer, BadParameter, Refused, Request, json_answer
from tests.crm.standin import StandIn, endpoint
from tests.crm.standins import pipedrive_records as shapes
from tests.crm.standins.pipedrive_pages import (
    make_cursor,
    read_cursor,
    read_log_cursor,
    refusal,
    time_of,
)
from tests.crm.standins.pipedrive_records import Json, Numbers
from tests.crm.truth import Truth

API_TOKEN = "0123456789abcdef0123456789abcdef01234567"
CLIENT_ID, CLIENT_SECRET = "9f1d1a36-app", "s3cr3t-of-the-app"
REFRESH_TOKEN = "13132:26320:refresh-a"
SCOPES = frozenset({"deals:read", "leads:read", "users:read", "recents:read"})
DELETED_LISTED = timedelta(days=30)
_DEAL_PARAMETERS = (
    *("filter_id", "ids", "owner_id", "person_id", "org_id", "pipeline_id", "stage_id", "status"),
    *("updated_since", "updated_until", "sort_by", "sort_direction", "include_fields"),
    *("custom_fields", "limit", "cursor"),
)
_EXTRA_FIELDS = frozenset(
    {"next_activity_id", "products_count", "first_won_time", "source_lead_id"}
)


class Pipedrive(StandIn):
    """A company account. ``most_per_page`` makes pages shorter than asked for, as servers may;
    ``before_page`` is called before each page of a list, to let the company move meanwhile."""

    vendor = "pipedrive"

    def __init__(self, truth: Truth, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(truth, now, faults)
        self.numbers = Numbers(truth)
        self.scopes = set(SCOPES)
        self.most_per_page = 500
        self.wraps_numbered_pages = True
        self.logs_of_deleted = True
        self.logs_creations = True
        self.daily_tokens = 30_000
        self.before_page: Callable[[Request], None] = lambda request: None
        self._access = 1
        self._spent_today = 0

    # Tokens and errors

    @property
    def access_token(self) -> str:
        """The OAuth token that holds at this moment."""
        return f"v1u:access-token-{self._access:04}"

    def expire_tokens(self) -> None:
        """End the OAuth token; a personal one never ends."""
        self._access += 1

    def new_day(self) -> None:
        """Give a new daily budget."""
        super().new_day()
        self._spent_today = 0

    def authorize(self, request: Request) -> None:
        bearer = request.headers.get("authorization")
        if (
            request.headers.get("x-api-token") != API_TOKEN
            and bearer != f"Bearer {self.access_token}"
        ):
            raise Refused(
                refusal(401, "unauthorized access", "Please check developers.pipedrive.com")
            )

    def _needs(self, scope: str, request: Request) -> None:
        if "authorization" in request.headers and scope not in self.scopes:
            raise Refused(refusal(403, "Scope and URL mismatch", f"needs {scope}"))

    def not_found(self, request: Request) -> Answer:
        return refusal(404, "Unknown method .")

    def bad_parameter(self, request: Request, problem: BadParameter) -> Answer:
        return refusal(400, f"Parameter validation failed: {problem}", "Bad Request")

    def throttled(self) -> Answer:
        headers = self._headers() | {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"}
        return refusal(429, "request over limit", headers=headers)

    def quota_exhausted(self) -> Answer:
        headers = self._headers() | {"x-daily-ratelimit-token-remaining": "0"}
        return refusal(429, "daily API token budget exceeded", headers=headers)

    def server_error(self, status: int) -> Answer:
        return refusal(status, "Internal error")

    def _headers(self) -> dict[str, str]:
        left = self.daily_tokens - self._spent_today
        return {
            "x-ratelimit-limit": "20",
            "x-ratelimit-remaining": "19",
            "x-ratelimit-reset": "2",
            "x-daily-ratelimit-token-limit": str(self.daily_tokens),
            "x-daily-ratelimit-token-remaining": str(left),
        }

    def _spend(self, tokens: int) -> None:
        if self._spent_today + tokens > self.daily_tokens:
            raise Refused(self.quota_exhausted())
        self._spent_today += tokens

    @endpoint("POST", "/oauth/token", is_open=True)
    def give_token(self, request: Request) -> Answer:
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return json_answer({"success": False, "error": "invalid_client"}, 401)
        form = request.form()
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != REFRESH_TOKEN:
            return json_answer({"success": False, "error": "invalid_grant"}, 400)
        return json_answer(
            {
                "access_token": self.access_token,
                "token_type": "Bearer",
                "refresh_token": REFRESH_TOKEN,
                "scope": " ".join(sorted(self.scopes)),
                "expires_in": 3599,
                "api_domain": "https://acme.pipedrive.com",
            }
        )

    # The newer interface

    @endpoint("GET", "/api/v2/deals", tokens=10)
    def deals(self, request: Request) -> Answer:
        return self._deals(request, 10, is_archived=False)

    @endpoint("GET", "/api/v2/deals/archived", tokens=20)
    def archived_deals(self, request: Request) -> Answer:
        return self._deals(request, 20, is_archived=True)

    @endpoint("GET", "/api/v2/pipelines", tokens=5)
    def pipelines(self, request: Request) -> Answer:
        self._needs("deals:read", request)
        request.only("sort_by", "sort_direction", "limit", "cursor")
        rows = [shapes.pipeline_row(told) for told in self._lists().of("deal")]
        return self._cursor_page(request, rows, 5)

    @endpoint("GET", "/api/v2/stages", tokens=5)
    def stages(self, request: Request) -> Answer:
        self._needs("deals:read", request)
        request.only("pipeline_id", "sort_by", "sort_direction", "limit", "cursor")
        current = {
            stage.number for pipeline in self._lists().of("deal") for stage in pipeline.open_stages
        }
        rows: dict[int, Json] = {}
        for version in self.truth.stage_lists:
            if version.since <= max(self.now, self.truth.stage_lists[0].since):
                for pipeline in version.of("deal"):
                    for stage in pipeline.open_stages:
                        gone = stage.number not in current
                        rows[stage.number] = shapes.stage_row(pipeline, stage, is_deleted=gone)
        return self._cursor_page(request, [rows[key] for key in sorted(rows)], 5)

    def _deals(self, request: Request, tokens: int, *, is_archived: bool) -> Answer:
        self._needs("deals:read", request)
        request.only(*_DEAL_PARAMETERS)
        wanted = set(request.words("status") or ["open", "won", "lost"])
        if not wanted <= {"open", "won", "lost", "deleted"}:
            raise BadParameter("status", "must be open, won, lost or deleted")
        extra = request.words("include_fields")
        if not set(extra) <= _EXTRA_FIELDS:
            raise BadParameter("include_fields", "unknown field")
        since, until = time_of(request, "updated_since"), time_of(request, "updated_until")
        rows = [
            shapes.deal(record, self.numbers, extra)
            for record in self.view.records("deal", self.now)
            if (record.archived_at is not None) == is_archived and self._is_listed(record, wanted)
        ]
        rows = [
            row
            for row in rows
            if (since is None or row["update_time"] >= since)
            and (until is None or row["update_time"] < until)
        ]
        return self._cursor_page(request, rows, tokens)

    def _is_listed(self, record: Record, wanted: set[str]) -> bool:
        if record.deleted_at is None:
            return record.outcome in wanted
        return "deleted" in wanted and not self._is_purged(record)

    def _is_purged(self, record: Record) -> bool:
        return record.deleted_at is not None and self.now - record.deleted_at > DELETED_LISTED

    def _cursor_page(self, request: Request, rows: Sequence[Json], tokens: int) -> Answer:
        """Answer with a page after the cursor, which holds where the page before ended."""
        limit = min(request.number("limit", 100, 1, 500), self.most_per_page)
        key = str(request.choice("sort_by", "id", {"id", "update_time", "add_time", "order_nr"}))
        is_down = request.choice("sort_direction", "asc", {"asc", "desc"}) == "desc"
        rows = sorted(rows, key=lambda row: (row[key], row["id"]), reverse=is_down)
        if cursor := request.one("cursor"):
            told = read_cursor(cursor)
            if told.get("field") != key:
                raise BadParameter("cursor", "was given for another order")
            place = (told["fieldValue"], told["id"])
            rows = [
                row
                for row in rows
                if ((row[key], row["id"]) <= place if is_down else (row[key], row["id"]) >= place)
            ]
        self._spend(tokens)
        page, rest = rows[:limit], rows[limit:]
        following = None
        if rest:
            first = rest[0]
            following = make_cursor(
                field=key, fieldValue=first[key], sortDirection="asc", id=first["id"]
            )
        body = {"success": True, "data": page, "additional_data": {"next_cursor": following}}
        self.before_page(request)
        return json_answer(body, headers=self._headers())

    # The older interface

    @endpoint("GET", "/api/v1/deals/{id}/changelog", tokens=20)
    def changelog(self, request: Request) -> Answer:
        self._needs("recents:read", request)
        request.only("cursor", "limit")
        limit = min(request.number("limit", 100, 1, 500), self.most_per_page)
        if not request.at["id"].isdecimal():
            raise BadParameter("id", "must be a number")
        ref = Ref("deal", int(request.at["id"]))
        record = self.view.record(ref, self.now)
        is_kept = record is not None and (not record.is_deleted or self.logs_of_deleted)
        if record is None or not is_kept or self._is_purged(record):
            raise Refused(refusal(404, "Deal not found"))
        told = shapes.log(self.view.happenings(ref, self.now), self.numbers)
        rows = [
            (number, row)
            for number, row in enumerate(told, start=1)
            if self.logs_creations or row["field_key"] != "add_time"
        ]
        rows.reverse()
        if "cursor" in request.query:
            newest = read_log_cursor(str(request.one("cursor")))
            rows = [(number, row) for number, row in rows if number <= newest]
        self._spend(20)
        following = None
        if rows[limit:]:
            following = base64.b64encode(f"id:{rows[limit][0]}".encode()).decode().rstrip("=")
        data = [row for _, row in rows[:limit]]
        body = {"success": True, "data": data, "additional_data": {"next_cursor": following}}
        return json_answer(body, headers=self._headers())

    @endpoint("GET", "/api/v1/leads", tokens=20)
    def leads(self, request: Request) -> Answer:
        return self._leads(request, 20, is_archived=False)

    @endpoint("GET", "/api/v1/leads/archived", tokens=40)
    def archived_leads(self, request: Request) -> Answer:
        return self._leads(request, 40, is_archived=True)

    def _leads(self, request: Request, tokens: int, *, is_archived: bool) -> Answer:
        self._needs("leads:read", request)
        known = ("limit", "start", "owner_id", "person_id", "organization_id", "filter_id", "sort")
        request.only(*known, *(() if is_archived else ("updated_since",)))
        since = time_of(request, "updated_since")
        rows = [
            shapes.lead(record)
            for record in self.view.records("lead", self.now)
            if shapes.is_listed_lead(record) and shapes.is_archived_lead(record) == is_archived
        ]
        rows = [row for row in rows if since is None or row["update_time"] >= since]
        key, _, way = (request.one("sort") or "add_time ASC").partition(" ")
        if key not in ("id", "title", "owner_id", "add_time", "update_time"):
            raise BadParameter("sort", f"unknown field {key}")
        rows.sort(key=lambda row: row[key], reverse=way == "DESC")
        limit = min(request.number("limit", 100, 1, 500), self.most_per_page)
        start = request.number("start", 0, 0, 10**9)
        self._spend(tokens)
        page = rows[start : start + limit]
        more = start + limit < len(rows)
        told: Json = {"start": start, "limit": limit, "more_items_in_collection": more}
        if more:
            told["next_start"] = start + limit
        body = {
            "success": True,
            "data": page or None,
            "additional_data": {"pagination": told} if self.wraps_numbered_pages else told,
        }
        self.before_page(request)
        return json_answer(body, headers=self._headers())

    @endpoint("GET", "/api/v1/users", tokens=20)
    def users(self, request: Request) -> Answer:
        self._needs("users:read", request)
        request.only()
        self._spend(20)
        data = [shapes.user(owner) for owner in self.truth.owners_at(self.now)]
        return json_answer({"success": True, "data": data}, headers=self._headers())

    @endpoint("GET", "/api/v1/users/me", tokens=2)
    def me(self, request: Request) -> Answer:
        request.only()
        self._spend(2)
        data = shapes.user(self.truth.owners_at(self.now)[0]) | {
            "company_id": 54235233,
            "company_name": "Acme",
            "company_domain": "acme",
        }
        return json_answer({"success": True, "data": data}, headers=self._headers())

    def _lists(self) -> Any:
        return self.truth.stage_list_at(self.now)
