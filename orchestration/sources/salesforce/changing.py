"""The objects of Salesforce that are asked for by what changed, and what of them is needed."""

from orchestration.sources.salesforce.queries import Queried

_TRACKING = (
    "field history tracking is off for {0}: Setup > Object Manager > {0} > Fields & Relationships "
    "> Set History Tracking. Until then changes are known from the nights on which they are seen"
)

USER = Queried("User", "SystemModstamp", ("Name", "IsActive"), all_rows=False)
LEAD = Queried(
    "Lead",
    "SystemModstamp",
    ("Status", "OwnerId", "IsConverted", "ConvertedOpportunityId", "CreatedDate", "IsDeleted"),
)
LEAD_HISTORY = Queried(
    "LeadHistory",
    "CreatedDate",
    ("LeadId", "Field", "OldValue", "NewValue"),
    absent=_TRACKING.format("Lead"),
)
OPPORTUNITY = Queried(
    "Opportunity",
    "SystemModstamp",
    ("StageName", "Amount", "CloseDate", "OwnerId", "IsClosed", "CreatedDate", "IsDeleted"),
)
OPPORTUNITY_HISTORY = Queried(
    "OpportunityHistory", "CreatedDate", ("OpportunityId", "StageName", "Amount", "CloseDate")
)
OPPORTUNITY_FIELD_HISTORY = Queried(
    "OpportunityFieldHistory",
    "CreatedDate",
    ("OpportunityId", "Field", "OldValue", "NewValue"),
    absent=_TRACKING.format("Opportunity"),
)
