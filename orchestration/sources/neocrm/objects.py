"""The objects extracted from 销售易 (Neocrm), in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "stages",
        "The sales stages of every business type, in their order.",
        is_windowed=False,
        needs="read the business types and sales stages of opportunity (商机)",
    ),
    CrmObject(
        "fields",
        "What the tenant says of the fields of leads and opportunities, with their choices.",
        is_windowed=False,
        needs="read the metadata of lead (销售线索) and opportunity (商机)",
    ),
    CrmObject(
        "departments",
        "The departments, by which owners are grouped.",
        is_windowed=False,
        needs="read department (部门)",
    ),
    CrmObject(
        "users",
        "Every user, also those who left.",
        is_windowed=False,
        needs="read user (用户)",
    ),
    CrmObject(
        "leads",
        "The leads that changed, and which leads there are.",
        sweeps=True,
        needs="read all of lead (销售线索)",
    ),
    CrmObject(
        "opportunities",
        "The opportunities that changed, and which opportunities there are.",
        sweeps=True,
        needs="read all of opportunity (商机)",
    ),
)
