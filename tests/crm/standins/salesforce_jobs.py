"""What becomes of Salesforce's bulk queries: taken on, asked about, fetched in parts, forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.crm.messages import Answer, BadParameter, Refused, Request, only_keys
from tests.crm.standins.salesforce_ids import make_id
from tests.crm.standins.salesforce_lists import Row
from tests.crm.standins.salesforce_org import Org
from tests.crm.standins.salesforce_soql import Query, SoqlError, parse
from tests.crm.standins.salesforce_spelling import as_csv, error


@dataclass
class Job:
    """A bulk query: its rows as of its creation, and how often it is still asked about in vain."""

    id: str
    version: str
    operation: str
    query: Query
    rows: list[Row]
    polls_left: int
    failure: str | None = None


@dataclass
class BulkJobs:
    """The bulk queries of an org. Each is asked about ``slow_polls`` times in vain; the next
    ``failing`` ones fail."""

    failing: int = 0
    slow_polls: int = 1
    kept: dict[str, Job] = field(default_factory=dict)

    def create(self, request: Request, org: Org, now: datetime) -> dict[str, Any]:
        """Take a bulk query on."""
        asked = request.json()
        known = ("operation", "query", "contentType", "columnDelimiter", "lineEnding")
        only_keys(asked, known)
        if asked.get("operation") not in ("query", "queryAll"):
            raise BadParameter("operation", "must be query or queryAll")
        for name, allowed in zip(known[2:], ("CSV", "COMMA", "LF"), strict=True):
            if asked.get(name, allowed) != allowed:
                raise BadParameter(name, f"must be {allowed}")
        try:
            query = parse(org, asked["query"], in_bulk=True)
        except SoqlError as wrong:
            raise Refused(error(400, wrong.code, str(wrong))) from wrong
        job = Job(
            make_id("750", 1 + len(self.kept)),
            request.at["version"],
            asked["operation"],
            query,
            query.rows(org, now, all_rows=asked["operation"] == "queryAll"),
            self.slow_polls,
        )
        if self.failing:
            self.failing -= 1
            job.failure = "QUERY_TIMEOUT: Your query request was running for too long."
        self.kept[job.id] = job
        return _told(job, "UploadComplete")

    def progress(self, request: Request) -> dict[str, Any]:
        """Tell how far a bulk query is."""
        job = self._job(request)
        if job.polls_left:
            job.polls_left -= 1
            return _told(job, "InProgress")
        if job.failure:
            return {**_told(job, "Failed"), "errorMessage": job.failure}
        return _told(job, "JobComplete")

    def delete(self, request: Request) -> None:
        """Forget a bulk query."""
        job = self._job(request)
        if job.polls_left:
            raise Refused(error(400, "INVALIDJOBSTATE", "the job is not in a terminal state"))
        del self.kept[job.id]

    def results(self, request: Request) -> Answer:
        """Give a part of a bulk query's rows as CSV."""
        request.only("locator", "maxRecords")
        job = self._job(request)
        if job.version != request.at["version"]:
            return error(409, "VERSION_MISMATCH", "the job was created in another API version")
        if job.polls_left or job.failure:
            return error(400, "INVALIDJOBSTATE", "the job has no results")
        start_text = request.one("locator") or "0"
        if not start_text.isalnum() or not start_text.lstrip("L").isdecimal():
            return error(400, "INVALIDLOCATOR", "invalid locator")
        start = int(start_text.lstrip("L"))
        size = request.number("maxRecords", 50_000, 1, 1_000_000)
        rows = job.rows[start : start + size]
        end = start + len(rows)
        headers = {
            "Content-Type": "text/csv",
            "Sforce-Locator": f"L{end}" if end < len(job.rows) else "null",
            "Sforce-NumberOfRecords": str(len(rows)),
        }
        return Answer(200, as_csv(job.query.fields, rows), headers)

    def _job(self, request: Request) -> Job:
        job = self.kept.get(request.at["job"])
        if job is None:
            raise Refused(error(404, "NOT_FOUND", "The requested resource does not exist"))
        return job


def _told(job: Job, state: str) -> dict[str, Any]:
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.query.sobject,
        "state": state,
        "contentType": "CSV",
        "apiVersion": float(job.version.removeprefix("v")),
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
        "numberRecordsProcessed": 0 if state == "InProgress" else len(job.rows),
    }
