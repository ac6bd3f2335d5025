"""What the facts have to hold of the developer org."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from tests.crm.salesforce.dev_org import DevOrg
from tests.support.batch import Built


def assert_holds_the_developer_org(built: Built, org: DevOrg) -> None:
    """Compare the deals, their moves and the leads of the source ``dev`` with the org's own."""
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
