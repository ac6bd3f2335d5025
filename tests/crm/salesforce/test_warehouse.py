"""Nights of Salesforce through to the facts: they equal what Salesforce tells of the truth."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from orchestration.settings import load_settings
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.expected import differences_from_truth
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.projection import nights_between
from tests.crm.salesforce.dev_org import DevOrg
from tests.crm.salesforce.nights_of_an_org import SECRETS, extracting
from tests.crm.salesforce.projection import SalesforceProjection
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, day, small_company
from tests.crm.standins.salesforce import Salesforce
from tests.crm.standins.salesforce_lists import record_id
from tests.support.batch import Built

SETTINGS = """
business_timezone = "{zone}"
reporting_currency = "EUR"
"""
ACCOUNT = """
[[sources]]
name = "{name}"
type = "salesforce"
base_url = "{url}"
client_id = {{ env = "SF_ID" }}
client_secret = {{ env = "SF_SECRET" }}
refresh_token = {{ env = "SF_REFRESH" }}
currency = "USD"
"""


def test_facts_equal_what_salesforce_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts side by side: the known company, and a developer org that joins later."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    company = small_company()
    truth = company.truth
    # The reference takes an empty cell of a history row for untold, so to it an emptied amount is
    # inferred; a row of Salesforce's history has every value, so that it is told.
    emptied = f"deal={record_id(company.named['amount_emptied'])} field=amount "
    telling = SalesforceProjection(truth)
    # The first night, then one after three that were missed, then the last after two more.
    missed = {day(n).date() for n in (30, 31, 32, 34, 35)}
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=missed)
    org = DevOrg()
    begin = nights[0].starts_at
    with Salesforce(truth, begin) as standin, Salesforce(truth, begin, org=org) as other:
        config = tmp_path / "funnel.toml"
        accounts = [("sf", standin.url), ("dev", other.url)]
        config.write_text(
            SETTINGS.format(zone=BUSINESS_TIMEZONE)
            + "".join(ACCOUNT.format(name=name, url=url) for name, url in accounts),
            "utf-8",
        )
        warehouse = Warehouse(tmp_path / "home", load_settings(config))
        for number, night in enumerate(nights, start=1):
            # Small enough that the first night goes in bulk, the others by REST.
            done = extract_night(standin, warehouse.landing, night, extracting(bulk_above=20))
            assert done.unfinished == {}
            if number > 1:
                extract = extracting(name="dev", bulk_above=20)
                assert extract_night(other, warehouse.landing, night, extract).unfinished == {}
            built = warehouse.build(night)
            lines = differences_from_telling(telling, nights[:number], built, "sf")
            assert [line for line in lines if emptied not in line] == []
    assert differences_from_truth(telling, built, "sf", nights[-1].as_of) == []
    assert_holds_the_developer_org(built, org)


def assert_holds_the_developer_org(built: Built, org: DevOrg) -> None:
    deals = {str(row["deal_key"]): row for row in built.of("fct_deals", "dev")}
    told = org.tables["Opportunity"]
    assert len(deals) == len(told) == 36
    history = sorted(
        org.tables["OpportunityHistory"],
        key=lambda row: (str(row["OpportunityId"]), str(row["CreatedDate"]), str(row["Id"])),
    )
    moves: Counter[str] = Counter()
    for id_, rows in groupby(history, key=lambda row: f"dev:{row['OpportunityId']}"):
        moves[id_] = sum(1 for _ in groupby(rows, key=lambda row: row["StageName"]))
    transitions = Counter(
        str(row["entity_key"])
        for row in built.of("fct_stage_transitions", "dev")
        if row["entity_type"] == "deal"
    )
    assert transitions == moves
    for row in told:
        deal = deals[f"dev:{row['Id']}"]
        is_won, is_lost = row["StageName"] == "Closed Won", row["StageName"] == "Closed Lost"
        assert (deal["stage"], deal["pipeline"]) == (row["StageName"], "main")
        assert (deal["is_won"], deal["is_lost"]) == (is_won, is_lost)
        assert (deal["amount"], deal["currency"]) == (row["Amount"], "USD")
        assert deal["expected_close_date"] == row["CloseDate"]
    leads = Counter(str(row["status"]) for row in built.of("fct_leads", "dev"))
    assert leads == Counter(str(row["Status"]) for row in org.tables["Lead"])
    linked = [row for row in built.of("fct_leads", "dev") if row["deal_key"] is not None]
    assert len(linked) == sum(1 for row in org.tables["Lead"] if row["ConvertedOpportunityId"])
