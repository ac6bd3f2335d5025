"""The objects extracted from Pipedrive, in the order of a night.

Leads come before deals: a lead that has become a deal is gone, and then its deal must be there.
"""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "pipelines",
        "The pipelines.",
        is_windowed=False,
        needs="deals:read",
    ),
    CrmObject(
        "stages",
        "The stages of every pipeline, with their order and probability.",
        is_windowed=False,
        after=("pipelines",),
        needs="deals:read",
    ),
    CrmObject(
        "users",
        "Everybody who has or had a seat, also those who were deactivated.",
        is_windowed=False,
        needs="users:read",
    ),
    CrmObject(
        "leads",
        "The leads, archived ones too. A lead that was deleted or became a deal is listed no more.",
        sweeps=True,
        needs="leads:read",
    ),
    CrmObject(
        "deals",
        "The deals that changed: archived ones and those deleted in the last 30 days too.",
        after=("leads",),
        needs="deals:read",
    ),
    CrmObject(
        "deal_changes",
        "The log of changes of each deal that changed: one record a change of one field.",
        after=("deals",),
        needs="recents:read",
    ),
)
