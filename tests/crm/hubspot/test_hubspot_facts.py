"""Nights of HubSpot through the real models: the facts are what HubSpot can tell of the truth."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orchestration.engine import connect
from orchestration.settings import load_settings
from tests.crm.expected import differences_from_truth
from tests.crm.faults import Mix, RandomFaults
from tests.crm.hubspot.nights import HubspotProjection, extractor
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.projection import nights_between
from tests.crm.small_company import FIRST_NIGHT, small_company
from tests.crm.standins.hubspot import Hubspot

SMALL = small_company()
# The second night makes up for two that were missed.
NIGHTS = nights_between(
    FIRST_NIGHT, date(2024, 4, 3), missed=[date(2024, 3, 30), date(2024, 4, 1), date(2024, 4, 2)]
)
SETTINGS = """
business_timezone = "Europe/Amsterdam"
reporting_currency = "EUR"
[[sources]]
name = "hub"
type = "hubspot"
base_url = "{url}"
access_token = {{ env = "HUBSPOT_TOKEN" }}
"""


def test_the_facts_of_each_night_are_what_hubspot_tells(tmp_path: Path) -> None:
    projection = HubspotProjection(SMALL.truth)
    faults = RandomFaults(3, Mix(rate=0.2, slow_seconds=0.05))
    with Hubspot(SMALL.truth, NIGHTS[0].starts_at, faults) as standin:
        config = tmp_path / "funnel.toml"
        config.write_text(SETTINGS.format(url=standin.url), "utf-8")
        warehouse = Warehouse(tmp_path / "home", load_settings(config))
        for count, night in enumerate(NIGHTS, start=1):
            found = extract_night(standin, warehouse.landing, night, extractor())
            assert found.unfinished == {}
            built = warehouse.build(night)
            assert differences_from_telling(projection, NIGHTS[:count], built, "hub") == []
            # The company is small enough that HubSpot tells all of it.
            assert differences_from_truth(projection, built, "hub", night.as_of) == []
    assert faults.total > 5
    with connect(warehouse.home.warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select currency, rate_source, round(1 / rate_to_reporting, 4) from marts.fct_fx_rates"
            " where rate_date = date '2024-04-02' and currency in ('USD', 'GBP') order by 1"
        ).fetchall()
        assert rows == [("GBP", "crm", 0.855), ("USD", "crm", 1.08)]
        owners = connection.execute(
            "select owner_key, team, is_active from marts.dim_owner where owner_key = 'hub:7004'"
        ).fetchall()
        assert ("hub:7004", "North", False) in owners
        aside = connection.execute(
            "select count(*) from staging.stg_hubspot__deals where quarantine is not null"
        ).fetchone()
        assert aside == (0,)
