"""How Pipedrive is extracted from."""

from orchestration.sources.crm.vendor import Vendor
from orchestration.sources.pipedrive.account import PipedriveAccount
from orchestration.sources.pipedrive.changelog import pull_deal_changes
from orchestration.sources.pipedrive.checks import check
from orchestration.sources.pipedrive.lists import (
    pull_deals,
    pull_leads,
    pull_pipelines,
    pull_stages,
    pull_users,
)

VENDOR = Vendor(
    label="Pipedrive",
    open=PipedriveAccount,
    pulls={
        "pipelines": pull_pipelines,
        "stages": pull_stages,
        "users": pull_users,
        "leads": pull_leads,
        "deals": pull_deals,
        "deal_changes": pull_deal_changes,
    },
    check=check,
)
