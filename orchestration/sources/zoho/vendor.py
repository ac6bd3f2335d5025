"""How Zoho CRM is extracted from."""

from orchestration.sources.crm.vendor import Vendor
from orchestration.sources.zoho import history, lists, records
from orchestration.sources.zoho.account import ZohoAccount
from orchestration.sources.zoho.checks import check

VENDOR = Vendor(
    label="Zoho CRM",
    open=ZohoAccount,
    pulls={
        "org": lists.pull_org,
        "currencies": lists.pull_currencies,
        "users": lists.pull_users,
        "deal_stages": lists.pull_deal_stages,
        "lead_statuses": lists.pull_lead_statuses,
        "leads": records.pull_leads,
        "lead_history": history.pull_lead_history,
        "deals": records.pull_deals,
        "deal_history": history.pull_deal_history,
        "deleted_leads": records.pull_deleted_leads,
        "deleted_deals": records.pull_deleted_deals,
    },
    check=check,
)
