"""Large answers: a query job that Salesforce works on, and its results as files of CSV.

A job and its results live for days, so a run that ends early carries on with the same job.
"""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.sources.crm.errors import CrmError, SourceUnavailable
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.salesforce.account import Refusal, SalesforceAccount

_END = "null"
_FIRST_WAIT = 2.0
_LONGEST_WAIT = 30.0
_ATTEMPTS = 5
_JOBS = 3
# A job that is no longer there, or not as this run expects it.
_GONE = frozenset(
    {
        *("NOT_FOUND", "INVALIDJOB", "INVALIDJOBSTATE", "API_ERROR", "INVALID_QUERY_LOCATOR"),
        *("INVALIDLOCATOR", "VERSION_MISMATCH"),
    }
)
_WHOLE_END = re.compile(rb'(^|[,\n"])([0-9A-Za-z]{18}|Id)"?\r?\n?$')


class BulkQuery:
    """One query in bulk, landed result by result with a checkpoint behind each."""

    def __init__(
        self, account: SalesforceAccount, pull: Pull, sobject: str, *, all_rows: bool
    ) -> None:
        self._account = account
        self._pull = pull
        self._sobject = sobject
        self._operation = "queryAll" if all_rows else "query"

    def run(self, soql: str) -> None:
        """Make a job, wait for it and take its results in. Raises ``CrmError``."""
        for attempt in range(1, _JOBS + 1):
            job = self._create(soql)
            self._pull.delivery.checkpoint({"job": job})
            problem = self._wait_for(job)
            if problem is None:
                self._take(job, None)
                return
            self._delete(job)
            self._pull.progress(f"the bulk query of {self._sobject} failed: {problem}")
            if attempt < _JOBS:
                self._account.wait(_LONGEST_WAIT)
        # The next run shall begin with a job of its own.
        self._pull.delivery.checkpoint({})
        raise SourceUnavailable(
            f"{self._account.settings.name}: Salesforce could not finish the bulk query of "
            f"{self._sobject} in {_JOBS} attempts: {self._account.mask(problem or '')}"
        )

    def carry_on(self, job: str, locator: str | None) -> bool:
        """Take in what an earlier run left of a job; false if the job is no longer there."""
        self._pull.delivery.checkpoint({"job": job, "locator": locator})
        try:
            if self._wait_for(job) is None:
                self._take(job, locator)
                return True
        except Refusal as refusal:
            if refusal.code not in _GONE:
                raise
        self._pull.progress(f"an earlier bulk query of {self._sobject} is gone, asking anew")
        self._pull.delivery.checkpoint({})
        return False

    def _create(self, soql: str) -> str:
        self._account.afford()
        response = self._account.ask(
            "/jobs/query",
            "POST",
            json={
                "operation": self._operation,
                "query": soql,
                "contentType": "CSV",
                "columnDelimiter": "COMMA",
                "lineEnding": "LF",
            },
        )
        return str(response.json()["id"])

    def _wait_for(self, job: str) -> str | None:
        """Wait until a job is done; return why it failed, if it did."""
        settings, waited, seconds = self._account.settings, 0.0, _FIRST_WAIT
        while True:
            self._account.afford()
            state = self._account.get(f"/jobs/query/{job}").json()
            match state.get("state"):
                case "JobComplete":
                    return None
                case "Failed" | "Aborted":
                    return str(state.get("errorMessage") or state["state"])
            if waited >= 60 * settings.bulk_wait_minutes:
                raise SourceUnavailable(
                    f"{settings.name}: Salesforce works on the bulk query of {self._sobject} for "
                    f"more than {settings.bulk_wait_minutes} minutes; the next run takes its "
                    "results. Raise bulk_wait_minutes to wait longer"
                )
            told = state.get("numberRecordsProcessed", 0)
            self._pull.progress(f"Salesforce has prepared {told:,} records")
            self._account.wait(seconds)
            waited += seconds
            seconds = min(seconds * 1.5, _LONGEST_WAIT)

    def _take(self, job: str, locator: str | None) -> None:
        target = self._pull.folder / f"{self._sobject}.csv"
        while True:
            locator = self._take_one(job, locator, target)
            self._pull.progress(f"{self._pull.delivery.rows:,} records received")
            if locator is None:
                break
            self._pull.delivery.checkpoint({"job": job, "locator": locator})
        target.unlink(missing_ok=True)
        self._delete(job)

    def _take_one(self, job: str, locator: str | None, target: Path) -> str | None:
        """Land one result; return where the next one is."""
        path = f"/jobs/query/{job}/results"
        params: dict[str, str] = {"maxRecords": str(self._account.settings.bulk_page_records)}
        if locator is not None:
            params["locator"] = locator
        problem = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pull.progress(f"a result came incomplete ({problem}), asking again")
                self._account.wait(_FIRST_WAIT * 2**attempt)
            self._account.afford()
            headers = self._account.download(
                path, target, params=params, headers={"Accept": "text/csv"}
            )
            kind = headers.get("Content-Type", "")
            following = headers.get("Sforce-Locator")
            count = headers.get("Sforce-NumberOfRecords", "")
            if "csv" not in kind or following is None:
                problem = f"no CSV but {kind or 'something else'}"
                continue
            if not ends_whole(target):
                problem = "it ends in the middle"
                continue
            try:
                self._pull.delivery.add_csv(
                    target,
                    f"GET {path}",
                    "Id",
                    expected=int(count) if count.isdigit() else None,
                )
            except ValueError as error:
                problem = str(error)
                continue
            return None if following == _END else following
        raise SourceUnavailable(
            f"{self._account.settings.name}: a result of {self._sobject} came incomplete "
            f"{_ATTEMPTS} times in a row: {problem}"
        )

    def _delete(self, job: str) -> None:
        # Salesforce removes it after seven days anyway.
        try:
            self._account.ask(f"/jobs/query/{job}", "DELETE")
        except CrmError as error:
            self._pull.progress(f"the bulk query could not be removed: {error}")


def ends_whole(path: Path) -> bool:
    """Whether a result ends in an id of full length, or in its header if it has no rows."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 64))
        return _WHOLE_END.search(file.read()) is not None
