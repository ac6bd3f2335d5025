"""The objects extracted from 销售易 (Neocrm), in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "business_types",
        "The business types of opportunities: its pipelines.",
        is_windowed=False,
        needs="read the metadata of opportunity (商机)",
    ),
    CrmObject(
        "stages",
        "The sales stages of every business type, in their order.",
        is_windowed=False,
        after=("business_types",),
        needs="read the sales stages (销售阶段)",
    ),
    CrmObject(
        "lead_fields",
        "What the tenant says of the fields of leads, with the list of statuses.",
        is_windowed=False,
        needs="read the metadata of lead (销售线索)",
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
