"""The objects extracted from Zoho CRM, in the order of a night.

Leads come before deals, so that the deal that a lead became is there; history after its records,
and deletions after all, so that what went during the night is told too.
"""

from orchestration.sources.crm.objects import CrmObject

_SETTINGS = "ZohoCRM.settings.READ"
_COQL = "ZohoCRM.coql.READ"

OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "org",
        "The organisation, with its home currency and time zone.",
        is_windowed=False,
        needs="ZohoCRM.org.READ",
    ),
    CrmObject(
        "currencies",
        "The currencies with their present exchange rates, where there are several.",
        is_windowed=False,
        needs=_SETTINGS,
    ),
    CrmObject(
        "users",
        "Everybody who has or had a licence, also those who were deactivated or deleted.",
        is_windowed=False,
        needs="ZohoCRM.users.READ",
    ),
    CrmObject(
        "deal_stages",
        "The stages of each pipeline of each layout, with order, forecast type and probability.",
        is_windowed=False,
        needs=_SETTINGS,
    ),
    CrmObject(
        "lead_statuses",
        "The statuses of leads, in their order.",
        is_windowed=False,
        needs=_SETTINGS,
    ),
    CrmObject(
        "leads",
        "The leads that changed, converted ones too.",
        needs="ZohoCRM.modules.leads.READ",
    ),
    CrmObject(
        "lead_history",
        "The periods that leads spent in each status, where the organisation tracks them.",
        after=("leads",),
        needs=_COQL,
    ),
    CrmObject(
        "deals",
        "The deals that changed.",
        after=("leads",),
        needs="ZohoCRM.modules.deals.READ",
    ),
    CrmObject(
        "deal_history",
        "The periods that deals spent in each stage, with their values then.",
        after=("deals",),
        needs=_COQL,
    ),
    CrmObject(
        "deleted_leads",
        "Which leads were deleted or merged away, and when.",
        after=("leads",),
        needs="ZohoCRM.modules.leads.READ",
    ),
    CrmObject(
        "deleted_deals",
        "Which deals were deleted or merged away, and when.",
        after=("deals",),
        needs="ZohoCRM.modules.deals.READ",
    ),
)
