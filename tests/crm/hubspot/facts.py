"""Real shapes of HubSpot's records as a source, and what the models have to make of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb

from orchestration.landing import Landing
from orchestration.sources.crm.extract import extract_object
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.changes import change_key
from orchestration.sources.hubspot.lists import stage_key
from orchestration.sources.hubspot.objects import OBJECTS
from tests.crm.hubspot.nights import source_of
from tests.crm.projection import CrmNight
from tests.crm.standins.hubspot import Hubspot

SEEDS = Path(__file__).parent / "seeds"
KEYS = {
    "deal_stages": stage_key,
    "deal_changes": change_key,
}


def land_seeds(standin: Hubspot, landing: Landing, night: CrmNight) -> None:
    """Land real shapes of HubSpot's records as a source of their own."""
    settings = source_of(standin, name="seeds")
    account = HubspotAccount(settings, lambda text: None, lambda s: None)
    for item in OBJECTS:
        path = SEEDS / f"{item.name}.jsonl"
        if not path.exists():
            continue
        rows = path.read_bytes().splitlines()

        def deliver(pull: Pull, rows: list[bytes] = rows, name: str = item.name) -> None:
            pull.delivery.add(rows, "seeds", KEYS.get(name, ("id",)))

        extract_object(account, item, deliver, landing, known_at=night.starts_at, as_of=night.as_of)


def assert_seeds_are_understood(connection: duckdb.DuckDBPyConnection) -> None:
    """Compare what the models make of the seeds, the source ``seeds``, with what they say."""

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
