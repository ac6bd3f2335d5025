"""What a large Salesforce org costs its client: ``python -m tests.benchmarks.salesforce_bulk``.

Two processes: an org that makes its rows up while it sends them, and the client, of which CPU
seconds and peak memory are told. The org's answers are those of the stand-in; only rows are made.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.crm.messages import Answer, Request, json_answer
from tests.crm.small_company import small_company
from tests.crm.standin import endpoint
from tests.crm.standins.salesforce import DATA, Salesforce
from tests.crm.standins.salesforce_schema import TYPES, Habits

NOW = datetime(2024, 3, 29, 0, 2, tzinfo=UTC)
HISTORY_ROWS = 5
CUSTOM_FIELDS = 20
OBJECTS = ("opportunities", "opportunity_history")
_BEGIN = datetime(2022, 1, 1, tzinfo=UTC)
_STAGES = ("Qualification", "Needs Assessment", "Proposal", "Negotiation", "Closed Won")


class LargeOrg(Salesforce):
    """A stand-in with so many opportunities, each with rows of history and custom fields."""

    def __init__(self, opportunities: int) -> None:
        more = {f"Custom_{n}__c": "string" for n in range(CUSTOM_FIELDS)}
        habits = Habits(more_fields={"Opportunity": more})
        super().__init__(small_company().truth, NOW, habits=habits)
        self.counts = {
            "Opportunity": opportunities,
            "OpportunityHistory": HISTORY_ROWS * opportunities,
        }

    @endpoint("GET", DATA + "/queryAll")
    def query_all(self, request: Request) -> Answer:
        sobject = (request.one("q") or "").split(" FROM ")[1].split()[0]
        return json_answer({"totalSize": self.counts[sobject], "done": True, "records": []})

    @endpoint("GET", DATA + "/jobs/query/{job}/results")
    def results(self, request: Request) -> Answer:
        query = self._job(request).query
        start = int((request.one("locator") or "L0").lstrip("L"))
        end = min(start + int(request.one("maxRecords") or 50_000), self.counts[query.sobject])
        headers = {
            "Content-Type": "text/csv",
            "Sforce-Locator": f"L{end}" if end < self.counts[query.sobject] else "null",
            "Sforce-NumberOfRecords": str(end - start),
        }
        return Answer(200, _rows(query.sobject, query.fields, start, end), headers)


def _rows(sobject: str, fields: tuple[str, ...], start: int, end: int) -> Iterator[bytes]:
    yield (",".join(f'"{name}"' for name in fields) + "\n").encode()
    types = TYPES[sobject]
    for low in range(start, end, 1000):
        lines = []
        for number in range(low, min(low + 1000, end)):
            at = _BEGIN + timedelta(seconds=number * 60)
            cells = [f'"{_cell(name, types.get(name), sobject, number, at)}"' for name in fields]
            lines.append(",".join(cells) + "\n")
        yield "".join(lines).encode()


def _cell(name: str, type_: str | None, sobject: str, number: int, at: datetime) -> str:
    is_deal = sobject == "Opportunity"
    match name:
        case "Id":
            return _id("006" if is_deal else "008", number)
        case "OpportunityId":
            return _id("006", number // HISTORY_ROWS)
        case "StageName":
            return _STAGES[number % len(_STAGES)]
        case "CurrencyIsoCode":
            return "EUR"
        case "IsDeleted" | "IsClosed" | "IsWon":
            return "false"
    match type_:
        case "datetime":
            return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
        case "date":
            return f"{at:%Y-%m-%d}"
        case "currency" | "percent" | "double":
            return f"{number % 100}.0"
        case "reference":
            return _id("005", number % 50)
        case _:
            return f"{name} of record {number}" if number % 3 else ""


def _id(prefix: str, number: int) -> str:
    return f"{prefix}5g{number:010}AAA"


def client(url: str, folder: Path) -> dict[str, Any]:
    """Extract both objects; return what it cost."""
    from orchestration.landing import Landing
    from tests.crm.nights import extract_night
    from tests.crm.projection import CrmNight
    from tests.crm.salesforce.nights_of_an_org import SECRETS, extracting

    class There:
        """An org in another process."""

        def __init__(self) -> None:
            from tests.crm.faults import FaultPlan

            self.url, self.now, self.tokens, self.faults = url, NOW, 0, FaultPlan()

        def new_day(self) -> None:
            """Do nothing."""

        forget_log = new_day

        def requests_by_endpoint(self) -> Any:
            """Return nothing: the other process counts."""
            from collections import Counter

            return Counter()

    os.environ.update(SECRETS)
    begun, landing = time.monotonic(), Landing(folder)
    there: Any = There()
    extract = extracting(only=OBJECTS, timeout_seconds=300)
    done = extract_night(there, landing, CrmNight(NOW.date(), NOW), extract)
    used = resource.getrusage(resource.RUSAGE_SELF)
    results: list[Any] = list(done.results)
    return {
        "records": {result.table: result.rows_landed for result in results},
        "requests": sum(result.requests for result in results),
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory_mb": round(used.ru_maxrss / 1024),
        "on_disk_mb": round(
            sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
        ),
    }


def main() -> None:
    """Serve in this process, extract in another, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opportunities", type=int, default=200_000)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(client(options.client, Path(folder))))
        return
    with LargeOrg(options.opportunities) as org:
        asked = [sys.executable, "-m", "tests.benchmarks.salesforce_bulk", "--client", org.url]
        subprocess.run(asked, check=True)


if __name__ == "__main__":
    main()
