"""Salesforce on loopback: logging in, REST queries, picklists, deletions.

What the org holds is ``salesforce_org``'s, what a query means ``salesforce_soql``'s, what becomes
of a bulk query ``salesforce_jobs``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.crm.faults import FaultPlan
from tests.crm.messages import Answer, BadParameter, Refused, Request, json_answer
from tests.crm.standin import StandIn, endpoint
from tests.crm.standins.salesforce_ids import make_id
from tests.crm.standins.salesforce_jobs import BulkJobs
from tests.crm.standins.salesforce_lists import Row
from tests.crm.standins.salesforce_login import Logins
from tests.crm.standins.salesforce_org import Org
from tests.crm.standins.salesforce_schema import Habits
from tests.crm.standins.salesforce_soql import Query, SoqlError, description, parse
from tests.crm.standins.salesforce_spelling import as_json, error, nested, rest_time
from tests.crm.truth import Truth

DATA = "/services/data/{version}"
VERSIONS = ("v66.0", "v67.0")
_LONGEST_ADDRESS = 16_384
_KINDS: dict[str, Any] = {"Opportunity": "deal", "Lead": "lead"}


@dataclass
class Cursor:
    """A REST query whose answer has several pages."""

    query: Query
    rows: list[Row]
    size: int


@dataclass
class Trouble:
    """What an org can be told to do wrong: locators that are no longer valid once used so often."""

    locators_expire_after: int | None = None
    used: dict[str, int] = field(default_factory=dict)


class Salesforce(StandIn):
    """A Salesforce org with one connected app."""

    vendor = "salesforce"

    def __init__(
        self,
        truth: Truth,
        now: datetime,
        faults: FaultPlan | None = None,
        habits: Habits | None = None,
        org: Org | None = None,
    ) -> None:
        super().__init__(truth, now, faults)
        self.org = org or Org(truth, habits)
        self.logins = Logins()
        self.trouble = Trouble()
        self.jobs = BulkJobs()
        self.cursors: dict[str, Cursor] = {}
        self.daily_calls = 15_000
        self.page_size = 2000

    # In Salesforce's words.

    def authorize(self, request: Request) -> None:
        """Refuse a request without a session that holds."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not self.logins.holds(token):
            raise Refused(error(401, "INVALID_SESSION_ID", "Session expired or invalid"))
        version = request.path.split("/")[3]
        if version not in VERSIONS:
            raise Refused(error(404, "NOT_FOUND", "The requested resource does not exist"))

    def expire_tokens(self) -> None:
        """End every session."""
        self.logins.expire()

    def not_found(self, request: Request) -> Answer:
        """Say that there is no such resource."""
        return error(404, "NOT_FOUND", "The requested resource does not exist")

    def bad_parameter(self, request: Request, problem: BadParameter) -> Answer:
        """Say that a parameter is wrong."""
        return error(400, "INVALID_PARAMETER", str(problem))

    def throttled(self) -> Answer:
        """Say that too many requests are worked on at once."""
        return error(
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        )

    def quota_exhausted(self) -> Answer:
        """Say that the calls of 24 hours are used up."""
        return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def server_error(self, status: int) -> Answer:
        """Say that Salesforce itself failed."""
        code = "UNKNOWN_EXCEPTION" if status == 500 else "SERVER_UNAVAILABLE"
        return error(status, code, "An unexpected error occurred.")

    # Logging in.

    @endpoint("POST", "/services/oauth2/token", is_open=True)
    def token(self, request: Request) -> Answer:
        """Give a session for a refresh token, an app's own credentials, or a signed claim."""
        return self.logins.answer(request.form(), self.url)

    @endpoint("GET", DATA + "/limits")
    def limits(self, request: Request) -> Answer:
        """Tell the org's allowances."""
        request.only()
        used = {"Max": self.daily_calls, "Remaining": self.daily_calls - len(self.log)}
        return self._json({"DailyApiRequests": used, "DailyBulkV2QueryJobs": used})

    # REST.

    @endpoint("GET", DATA + "/sobjects/{sobject}/describe")
    def describe(self, request: Request) -> Answer:
        """Describe an object."""
        request.only()
        told = description(self.org, request.at["sobject"])
        return self._json(told) if told else self.not_found(request)

    @endpoint("GET", DATA + "/query")
    def query(self, request: Request) -> Answer:
        """Answer a query without deleted rows."""
        return self._query(request, all_rows=False)

    @endpoint("GET", DATA + "/queryAll")
    def query_all(self, request: Request) -> Answer:
        """Answer a query with deleted rows."""
        return self._query(request, all_rows=True)

    @endpoint("GET", DATA + "/query/{locator}")
    def query_more(self, request: Request) -> Answer:
        """Give the next page of a query, deleted rows too if the query asked for them."""
        request.only()
        locator, _, start = request.at["locator"].rpartition("-")
        cursor = self.cursors.get(locator)
        if cursor is None or not start.isdecimal():
            return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        self.trouble.used[locator] = self.trouble.used.get(locator, 0) + 1
        most = self.trouble.locators_expire_after
        if most is not None and self.trouble.used[locator] > most:
            del self.cursors[locator]
            return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(request, locator, cursor, int(start))

    @endpoint("GET", DATA + "/sobjects/{sobject}/deleted/")
    def deleted(self, request: Request) -> Answer:
        """Tell the deletions of a span, fifteen days back at most."""
        request.only("start", "end")
        start, end = (self._instant(request, name) for name in ("start", "end"))
        if start >= end or end - start < timedelta(minutes=1) or start < self.now - timedelta(30):
            raise Refused(error(400, "INVALID_REPLICATION_DATE", "startDate is out of range"))
        earliest = self.now - timedelta(days=15)
        rows = [
            {"id": id_, "deletedDate": rest_time(at)}
            for id_, at in self.org.deleted(_KINDS[request.at["sobject"]], self.now)
            if max(start, earliest) <= at < end
        ]
        return self._json(
            {
                "deletedRecords": rows,
                "earliestDateAvailable": rest_time(earliest),
                "latestDateCovered": rest_time(min(end, self.now)),
            }
        )

    @endpoint(
        "GET",
        DATA + "/ui-api/object-info/Opportunity/picklist-values/{record_type}/StageName",
    )
    def picklist(self, request: Request) -> Answer:
        """Tell the stages of a record type."""
        request.only()
        values = self.org.picklist(request.at["record_type"], self.now)
        if values is None:
            return self.not_found(request)
        url = request.path
        return self._json({"controllerValues": {}, "eTag": "0", "url": url, "values": values})

    # Bulk.

    @endpoint("POST", DATA + "/jobs/query")
    def create_job(self, request: Request) -> Answer:
        """Take a bulk query on."""
        return self._json(self.jobs.create(request, self.org, self.now))

    @endpoint("GET", DATA + "/jobs/query/{job}")
    def job(self, request: Request) -> Answer:
        """Tell how far a bulk query is."""
        request.only()
        return self._json(self.jobs.progress(request))

    @endpoint("DELETE", DATA + "/jobs/query/{job}")
    def delete_job(self, request: Request) -> Answer:
        """Forget a bulk query."""
        self.jobs.delete(request)
        return Answer(204)

    @endpoint("GET", DATA + "/jobs/query/{job}/results")
    def results(self, request: Request) -> Answer:
        """Give a part of a bulk query's rows as CSV."""
        return self.jobs.results(request)

    # How.

    def _query(self, request: Request, *, all_rows: bool) -> Answer:
        request.only("q")
        text = request.one("q")
        if text is None:
            raise BadParameter("q", "is missing")
        if len(text) > _LONGEST_ADDRESS:
            return Answer(414, b"<h1>Bad Message 414</h1>", {"Content-Type": "text/html"})
        try:
            query = parse(self.org, text)
        except SoqlError as wrong:
            return error(400, wrong.code, str(wrong))
        rows = query.rows(self.org, self.now, all_rows=all_rows)
        if query.counts:
            return self._json({"totalSize": len(rows), "done": True, "records": []})
        options = request.headers.get("sforce-query-options", "batchSize=2000")
        size = int(options.removeprefix("batchSize="))
        if not 200 <= size <= 2000:
            raise BadParameter("batchSize", "must be between 200 and 2000")
        cursor = Cursor(query, rows, min(size, self.page_size))
        locator = make_id("01g", 1 + len(self.log))
        return self._page(request, locator, cursor, 0)

    def _page(self, request: Request, locator: str, cursor: Cursor, start: int) -> Answer:
        base = f"/services/data/{request.at['version']}"
        end = start + cursor.size
        sobject = cursor.query.sobject
        records = [
            {
                "attributes": {
                    "type": sobject,
                    "url": f"{base}/sobjects/{sobject}/{row.get('Id')}",
                },
                **nested({name: as_json(row.get(name)) for name in cursor.query.fields}),
            }
            for row in cursor.rows[start:end]
        ]
        page: dict[str, Any] = {
            "totalSize": len(cursor.rows),
            "done": end >= len(cursor.rows),
            "records": records,
        }
        if not page["done"]:
            self.cursors[locator] = cursor
            # Under query even where the query was a queryAll.
            page["nextRecordsUrl"] = f"{base}/query/{locator}-{end}"
        return self._json(page)

    def _json(self, value: Any) -> Answer:
        usage = f"api-usage={len(self.log)}/{self.daily_calls}"
        return json_answer(value, headers={"Sforce-Limit-Info": usage})

    def _instant(self, request: Request, name: str) -> datetime:
        text = request.one(name)
        try:
            found = datetime.fromisoformat(text or "")
        except ValueError as wrong:
            raise BadParameter(name, "must be an ISO 8601 date and time") from wrong
        if found.tzinfo is None:
            raise BadParameter(name, "must have a time zone")
        return found
