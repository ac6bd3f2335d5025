"""How HubSpot is extracted from."""

from __future__ import annotations

from orchestration.sources.crm.vendor import Vendor
from orchestration.sources.hubspot import changes, links, lists, records
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.checks import check

VENDOR = Vendor(
    label="HubSpot",
    open=HubspotAccount,
    pulls={
        "account": lists.pull_account,
        "owners": lists.pull_owners,
        "deal_stages": lists.pull_deal_stages,
        "lead_stages": lists.pull_lead_stages,
        "exchange_rates": lists.pull_exchange_rates,
        "deals": records.pull_deals,
        "deal_changes": changes.pull_deal_changes,
        "leads": records.pull_leads,
        "lead_changes": changes.pull_lead_changes,
        "lead_deals": links.pull_lead_deals,
    },
    check=check,  # type: ignore[arg-type]
)
