"""Nights against a stand-in: clock, quota and counts are each night's own, the landing shared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from orchestration.landing import Landing
from tests.crm.faults import FaultPlan
from tests.crm.messages import Answer, Request, json_answer
from tests.crm.nights import extract_nights
from tests.crm.projection import CrmNight, nights_between
from tests.crm.small_company import FIRST_NIGHT, small_company
from tests.crm.standin import StandIn, endpoint


class Toy(StandIn):
    """Gives the number of its deals, updated since a time."""

    @endpoint("GET", "/deals", tokens=2)
    def deals(self, request: Request) -> Answer:
        since = datetime.fromisoformat(str(request.one("since")))
        records = self.view.records("deal", self.now)
        return json_answer(sum(record.updated_at >= since for record in records))


@dataclass
class Asked:
    table: str
    state: str
    message: str = ""


def test_each_night_has_its_own_clock_quota_and_counts(tmp_path: Path) -> None:
    nights = nights_between(FIRST_NIGHT, FIRST_NIGHT + timedelta(days=3))
    landing = Landing(tmp_path)
    truth = small_company().truth
    found: list[int] = []

    def extract(standin: StandIn, given: Landing, night: CrmNight) -> Iterator[Asked]:
        assert given is landing
        since = (night.starts_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for _ in range(3):
            try:
                with urlopen(f"{standin.url}/deals?since={since}", timeout=5) as answer:
                    found.append(json.load(answer))
                yield Asked("deals", "landed")
            except HTTPError as error:
                error.close()
                yield Asked("deals", "interrupted", f"answer {error.code}")

    with Toy(truth, nights[0].starts_at, FaultPlan(quota=2)) as standin:
        told = extract_nights(standin, landing, nights, extract)
    day_before = [(night.starts_at - timedelta(days=1), night.starts_at) for night in nights]
    expected = [
        sum(
            begin <= record.updated_at
            for ref in truth.refs("deal")
            if (record := truth.seen_at(ref, end))
        )
        for begin, end in day_before
    ]
    assert found == [count for count in expected for _ in range(2)]
    assert len(set(expected)) > 1
    assert [night.requests for night in told] == [{"GET /deals": 3}] * 4
    assert [night.tokens for night in told] == [6] * 4
    assert [night.faults for night in told] == [{"quota": 1}] * 4
    assert told[0].unfinished == {"deals": "interrupted: answer 429"}


def test_a_missed_night_is_left_out() -> None:
    last = FIRST_NIGHT + timedelta(days=2)
    nights = nights_between(FIRST_NIGHT, last, missed=[FIRST_NIGHT + timedelta(days=1)])
    assert [night.as_of for night in nights] == [FIRST_NIGHT, last]
    assert all(night.starts_at.date() == night.as_of + timedelta(days=1) for night in nights)
