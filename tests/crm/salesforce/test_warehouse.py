"""Nights of Salesforce through to the facts: they equal what Salesforce tells of the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import load_settings
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.expected import differences_from_truth
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.projection import nights_between
from tests.crm.salesforce.nights_of_an_org import SECRETS, extracting
from tests.crm.salesforce.projection import SalesforceProjection
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, day, small_company
from tests.crm.standins.salesforce import Salesforce

SETTINGS = """
business_timezone = "{zone}"
reporting_currency = "EUR"
[[sources]]
name = "sf"
type = "salesforce"
base_url = "{url}"
client_id = {{ env = "SF_ID" }}
client_secret = {{ env = "SF_SECRET" }}
refresh_token = {{ env = "SF_REFRESH" }}
bulk_above = 20
"""


def test_facts_equal_what_salesforce_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    truth = small_company().truth
    telling = SalesforceProjection(truth)
    # The first night, two missed ones, the one with most happenings, the last.
    nights = nights_between(
        FIRST_NIGHT, LAST_NIGHT, missed={day(n).date() for n in (30, 31, 32, 34, 35)}
    )
    with Salesforce(truth, nights[0].starts_at) as standin:
        config = tmp_path / "funnel.toml"
        config.write_text(SETTINGS.format(zone=BUSINESS_TIMEZONE, url=standin.url), "utf-8")
        warehouse = Warehouse(tmp_path / "home", load_settings(config))
        for number, night in enumerate(nights, start=1):
            done = extract_night(standin, warehouse.landing, night, extracting(bulk_above=20))
            assert done.unfinished == {}
            built = warehouse.build(night)
            assert differences_from_telling(telling, nights[:number], built, "sf") == []
    assert differences_from_truth(telling, built, "sf", nights[-1].as_of) == []
