"""Nights of HubSpot through the real models: the facts are what HubSpot can tell of the truth."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb

from orchestration.engine import connect
from orchestration.landing import Landing
from orchestration.settings import load_settings
from orchestration.sources.crm.extract import extract_object
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.changes import change_key
from orchestration.sources.hubspot.lists import stage_key
from orchestration.sources.hubspot.objects import OBJECTS
from tests.crm.expected import differences_from_truth
from tests.crm.faults import Mix, RandomFaults
from tests.crm.hubspot.nights import HubspotProjection, extractor, settings_of
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.projection import CrmNight, nights_between
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
[[sources]]
name = "seeds"
type = "hubspot"
access_token = {{ env = "HUBSPOT_TOKEN" }}
"""
SEEDS = Path(__file__).parent / "seeds"
KEYS = {
    "deal_stages": stage_key,
    "deal_changes": change_key,
}


def test_the_facts_of_each_night_are_what_hubspot_tells(tmp_path: Path) -> None:
    projection = HubspotProjection(SMALL.truth)
    faults = RandomFaults(3, Mix(rate=0.2, slow_seconds=0.05))
    with Hubspot(SMALL.truth, NIGHTS[0].starts_at, faults) as standin:
        config = tmp_path / "funnel.toml"
        config.write_text(SETTINGS.format(url=standin.url), "utf-8")
        warehouse = Warehouse(tmp_path / "home", load_settings(config))
        _land_seeds(standin, warehouse.landing, NIGHTS[0])
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
            "select count(*) from staging.stg_hubspot__deals"
            " where quarantine is not null and source_name = 'hub'"
        ).fetchone()
        assert aside == (0,)
        _assert_seeds_are_understood(connection)


def _land_seeds(standin: Hubspot, landing: Landing, night: CrmNight) -> None:
    """Land real shapes of HubSpot's records as a source of their own."""
    settings = settings_of(standin, name="seeds")
    account = HubspotAccount(settings, lambda text: None, lambda s: None)
    for item in OBJECTS:
        path = SEEDS / f"{item.name}.jsonl"
        if not path.exists():
            continue
        rows = path.read_bytes().splitlines()

        def deliver(pull: Pull, rows: list[bytes] = rows, name: str = item.name) -> None:
            pull.delivery.add(rows, "seeds", KEYS.get(name, ("id",)))

        extract_object(account, item, deliver, landing, known_at=night.starts_at, as_of=night.as_of)


def _assert_seeds_are_understood(connection: duckdb.DuckDBPyConnection) -> None:
    def rows(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    told: Counter[str] = Counter()
    for line in (SEEDS / "deal_stages.jsonl").read_text("utf-8").splitlines():
        stage = json.loads(line)
        if not stage["stage"]["archived"]:
            is_closed = stage["stage"]["metadata"]["isClosed"] == "true"
            is_won = stage["told"]["closedWon"] == "true"
            told["won" if is_won else "lost" if is_closed else "open"] += 1
    found = rows(
        "select category, count(*) from conformed.int_delivered_stages"
        " where source_name = 'seeds' and not is_absent group by 1"
    )
    assert dict(found) == told
    # Deals that were created before they had a stage say nothing of a funnel, and are set aside.
    assert rows(
        "select quarantine.reason, count(*) from staging.stg_hubspot__deals"
        " where source_name = 'seeds' group by 1"
    ) == [("stage is missing", 44)]
    assert rows(
        "select count(*), count(distinct merged_into_id) from conformed.int_delivered_deletions"
        " where source_name = 'seeds'"
    ) == [(14, 6)]
    # Deals of which only history is told are there as far as it tells.
    assert rows(
        "select count(*) from marts.fct_deals"
        " where source_name = 'seeds' and created_at is not null"
    ) == rows(
        "select count(distinct deal_id) from staging.stg_hubspot__deal_changes"
        " where source_name = 'seeds' and property = 'dealstage' and quarantine is null"
    )
