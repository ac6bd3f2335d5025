"""Many nights of Salesforce with everything going wrong: what lands is what the org holds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.landing import Landing
from tests.crm.faults import KINDS, Mix, RandomFaults
from tests.crm.generate import Shape, generate_truth
from tests.crm.nights import extract_nights
from tests.crm.projection import nights_between
from tests.crm.salesforce.nights_of_an_org import (
    SECRETS,
    differences_from_org,
    extracting,
)
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, small_company
from tests.crm.standins.salesforce import Salesforce

FIRST_DAY = date(2024, 3, 27)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def test_small_company_lands_night_by_night(tmp_path: Path) -> None:
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT)
    landing = Landing(tmp_path)
    with Salesforce(small_company().truth, nights[0].starts_at) as standin:
        done = extract_nights(standin, landing, nights, extracting())
        assert [night.unfinished for night in done] == [{}] * len(nights)
        assert differences_from_org(standin, landing, nights[-1].starts_at) == []
