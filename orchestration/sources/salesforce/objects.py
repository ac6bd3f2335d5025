"""The objects extracted from Salesforce, in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

_READ = "Read on the object and on its fields"
_SETUP = "API Enabled, View Setup and Configuration"

OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "currency_types",
        "The currencies of an org with several, with their rates of today.",
        is_windowed=False,
        needs=_SETUP,
    ),
    CrmObject(
        "conversion_rates",
        "Dated exchange rates of an org with advanced currency management.",
        is_windowed=False,
        needs=_SETUP,
    ),
    CrmObject(
        "tracked_fields",
        "Which fields of leads and opportunities have their changes tracked.",
        is_windowed=False,
        needs=_SETUP,
    ),
    CrmObject("users", "Users, those who left too.", needs="View All Users"),
    CrmObject("user_roles", "Roles: the team of a user.", is_windowed=False, needs=_SETUP),
    CrmObject("queues", "Queues, which may own leads.", is_windowed=False, needs="API Enabled"),
    CrmObject(
        "record_types",
        "Record types of opportunities: the pipelines.",
        is_windowed=False,
        needs="API Enabled",
    ),
    CrmObject(
        "opportunity_stages",
        "Every stage of opportunities, inactive ones too.",
        is_windowed=False,
        needs="API Enabled",
    ),
    CrmObject(
        "pipeline_stages",
        "The stages of each record type of opportunities, in order.",
        is_windowed=False,
        needs="Read on Opportunity, API Enabled",
    ),
    CrmObject("lead_statuses", "Every status of leads.", is_windowed=False, needs="Read on Lead"),
    CrmObject("leads", "Leads, deleted and merged ones too.", needs=f"{_READ}, View All on Lead"),
    CrmObject("lead_history", "Changes of tracked fields of leads.", needs="Read on Lead"),
    CrmObject(
        "opportunities",
        "Opportunities, deleted ones too.",
        needs=f"{_READ}, View All on Opportunity",
    ),
    CrmObject(
        "opportunity_history",
        "Changes of stage, amount, close date and probability of opportunities.",
        needs="Read on Opportunity and on these fields",
    ),
    CrmObject(
        "opportunity_field_history",
        "Changes of tracked fields of opportunities, such as the owner.",
        needs="Read on Opportunity",
    ),
    CrmObject(
        "deleted_leads",
        "Leads that were deleted, also those that left the recycle bin.",
        needs="Read on Lead",
    ),
    CrmObject(
        "deleted_opportunities",
        "Opportunities that were deleted, also those that left the recycle bin.",
        needs="Read on Opportunity",
    ),
)
