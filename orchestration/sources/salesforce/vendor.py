"""How Salesforce is extracted from: each object with the way that it is asked for."""

from orchestration.sources.crm.vendor import Vendor
from orchestration.sources.salesforce import lists
from orchestration.sources.salesforce.account import SalesforceAccount
from orchestration.sources.salesforce.changing import (
    LEAD,
    LEAD_HISTORY,
    OPPORTUNITY,
    OPPORTUNITY_FIELD_HISTORY,
    OPPORTUNITY_HISTORY,
    USER,
)
from orchestration.sources.salesforce.checks import check
from orchestration.sources.salesforce.deletions import deletions_of
from orchestration.sources.salesforce.queries import puller

VENDOR = Vendor(
    label="Salesforce",
    open=SalesforceAccount,
    pulls={
        "currency_types": lists.lister(lists.CURRENCY_TYPES),
        "conversion_rates": lists.lister(lists.CONVERSION_RATES),
        "tracked_fields": lists.pull_tracked_fields,
        "users": puller(USER),
        "user_roles": lists.lister(lists.USER_ROLES),
        "queues": lists.lister(lists.QUEUES),
        "record_types": lists.lister(lists.RECORD_TYPES),
        "opportunity_stages": lists.lister(lists.OPPORTUNITY_STAGES),
        "pipeline_stages": lists.pull_pipeline_stages,
        "lead_statuses": lists.lister(lists.LEAD_STATUSES),
        "leads": puller(LEAD),
        "lead_history": puller(LEAD_HISTORY),
        "opportunities": puller(OPPORTUNITY),
        "opportunity_history": puller(OPPORTUNITY_HISTORY),
        "opportunity_field_history": puller(OPPORTUNITY_FIELD_HISTORY),
        "deleted_leads": deletions_of(LEAD),
        "deleted_opportunities": deletions_of(OPPORTUNITY),
    },
    check=check,
)
