"""How 销售易 (Neocrm) is extracted from."""

from orchestration.sources.crm.vendor import Vendor
from orchestration.sources.neocrm.account import NeocrmAccount
from orchestration.sources.neocrm.checks import check
from orchestration.sources.neocrm.lists import (
    pull_departments,
    pull_fields,
    pull_stages,
    pull_users,
)
from orchestration.sources.neocrm.records import pull_changed

VENDOR = Vendor(
    label="销售易 (Neocrm)",
    open=NeocrmAccount,
    pulls={
        "stages": pull_stages,
        "fields": pull_fields,
        "departments": pull_departments,
        "users": pull_users,
        "leads": pull_changed("lead"),
        "opportunities": pull_changed("opportunity"),
    },
    check=check,
)
