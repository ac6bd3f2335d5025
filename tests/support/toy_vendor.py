"""A vendor of one list, a log of each record and a list of kinds, over real HTTP on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import requests
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from orchestration.landing import Landing
from orchestration.settings import HubspotSource
from orchestration.sources.crm.errors import QuotaExhausted, UnexpectedAnswer, WrongCredentials
from orchestration.sources.crm.extract import extract_object
from orchestration.sources.crm.http import Account, Token
from orchestration.sources.crm.objects import CrmObject
from orchestration.sources.crm.patience import Pause
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.result import ExtractResult
from tests.crm.faults import FaultPlan
from tests.crm.landed import landed
from tests.crm.messages import Answer, Refused, Request, json_answer
from tests.crm.small_company import small_company
from tests.crm.standin import StandIn, endpoint

START = datetime(2024, 3, 1, 1, 0, tzinfo=UTC)
THINGS = CrmObject("things", "Things.")
LOGS = CrmObject("logs", "The log of each thing.", after=("things",))
KINDS = CrmObject("kinds", "The kinds of things.", is_windowed=False)


class Toy(StandIn):
    """A list of things by time of change and id, a log of each, a list of kinds."""

    vendor = "toy"
    valid = "token-1"

    def __init__(self, now: datetime, faults: FaultPlan | None = None) -> None:
        super().__init__(small_company().truth, now, faults)
        self.things: dict[int, datetime] = {}
        self.kinds = ["a", "b", "c"]
        self.daily: int | None = None

    def authorize(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            raise Refused(json_answer({"error": "expired"}, 401))

    def expire_tokens(self) -> None:
        self.valid = f"token-{int(self.valid.split('-')[1]) + 1}"

    def quota_exhausted(self) -> Answer:
        return json_answer({"error": "daily"}, 429)

    def throttled(self) -> Answer:
        return json_answer({"error": "slowly"}, 429, {"Retry-After": "2"})

    @endpoint("GET", "/things")
    def list_things(self, request: Request) -> Answer:
        request.only("since", "until", "after", "limit")
        since, until = request.one("since"), request.one("until")
        assert until is not None
        found = [
            {"id": number, "changed": at.isoformat(), "note": f"it holds {self.valid}"}
            for number, at in sorted(self.things.items())
            if number > int(request.one("after") or 0)
            and (since is None or at >= datetime.fromisoformat(since))
            and at < datetime.fromisoformat(until)
        ]
        page = found[:3]
        more = str(page[-1]["id"]) if len(found) > 3 else None
        return json_answer({"data": page, "next": more})

    @endpoint("GET", "/things/{id}/log")
    def log_of(self, request: Request) -> Answer:
        at = self.things[int(request.at["id"])]
        return json_answer({"data": [{"id": request.at["id"], "seen": at.isoformat()}]})

    @endpoint("GET", "/kinds")
    def list_kinds(self, request: Request) -> Answer:
        return json_answer({"data": [{"id": kind} for kind in self.kinds]})


class ToyAccount(Account):
    standin: Toy

    @property
    def base_url(self) -> str:
        return self.settings.base_url or ""

    def fetch_token(self) -> Token:
        return Token(self.standin.valid)

    def authorize(self, headers: Any, token: str) -> None:
        headers["Authorization"] = f"Bearer {token}"

    def judge(self, response: requests.Response) -> Pause | None:
        if response.status_code == 429 and "daily" in response.text:
            raise QuotaExhausted("the day's quota is spent")
        if response.status_code == 429:
            return Pause("too many requests", float(response.headers["Retry-After"]))
        if response.status_code == 401:
            raise WrongCredentials(f"{response.request.headers['Authorization']} is refused")
        if response.status_code >= 400 and "html" not in response.headers["Content-Type"]:
            raise UnexpectedAnswer(f"{response.status_code}")
        return None

    def ping(self) -> None:
        self.get("/kinds")


def pull_things(pull: Pull) -> None:
    params = {"until": pull.end.isoformat()}
    if pull.start is not None:
        params["since"] = pull.start.isoformat()
    if pull.resume is not None:
        params["after"] = pull.resume
    paginator = JSONResponseCursorPaginator(cursor_path="next", cursor_param="after")
    for page in pull.account.pages("/things", ("data",), paginator, params=params):
        pull.delivery.add(page.records, page.origin)
        if page.records:
            pull.delivery.checkpoint(json.loads(page.records[-1])["id"])


def pull_logs(pull: Pull) -> None:
    for id_ in pull.landed_ids("things"):
        if pull.resume is not None and int(id_) <= pull.resume:
            continue
        pull.account.afford(1)
        answer = pull.account.get(f"/things/{id_}/log")
        pull.delivery.add([answer.content], "log", ("data",))
        pull.delivery.checkpoint(int(id_))


def pull_kinds(pull: Pull) -> None:
    paginator = JSONResponseCursorPaginator(cursor_path="next", cursor_param="after")
    for page in pull.account.pages("/kinds", ("data",), paginator):
        pull.delivery.add(page.records, page.origin)


PULLS: dict[str, Callable[[Pull], None]] = {
    "things": pull_things,
    "logs": pull_logs,
    "kinds": pull_kinds,
}


class Nights:
    """A landing, and nights that extract into it."""

    def __init__(self, standin: Toy, root: Path) -> None:
        self.standin = standin
        self.landing = Landing(root)
        self.told: list[str] = []
        self.budget: int | None = None
        self.patience = 300

    def run(self, item: CrmObject, pull: Callable[[Pull], None] | None = None) -> ExtractResult:
        settings = HubspotSource.model_validate(
            {
                "name": "toy",
                "type": "hubspot",
                "access_token": {"env": "UNUSED"},
                "base_url": self.standin.url,
                "timeout_seconds": 1,
                "longest_wait_seconds": self.patience,
                "requests_per_night": self.budget,
            }
        )
        account = ToyAccount(settings, self.told.append, sleep=lambda seconds: None)
        account.standin = self.standin
        return extract_object(
            account,
            item,
            pull or PULLS[item.name],
            self.landing,
            known_at=datetime.now(UTC),
            as_of=date(2024, 3, 1),
        )

    def rows(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        return landed(self.landing, "toy", table, columns)
