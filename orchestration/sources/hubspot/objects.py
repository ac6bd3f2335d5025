"""The objects extracted from HubSpot, in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = (
    CrmObject(
        "account",
        "The account itself: its currency and time zone.",
        is_windowed=False,
        needs="any token of the account",
    ),
    CrmObject(
        "owners",
        "Owners with their teams, also those who left.",
        is_windowed=False,
        needs="crm.objects.owners.read",
    ),
    CrmObject(
        "deal_stages",
        "Stages of the deal pipelines, each with its pipeline.",
        is_windowed=False,
        needs="crm.objects.deals.read",
    ),
    CrmObject(
        "lead_stages",
        "Stages of the lead pipelines, or contacts' lifecycle stages.",
        is_windowed=False,
        needs="crm.objects.leads.read, or crm.schemas.contacts.read",
    ),
    CrmObject(
        "exchange_rates",
        "Dated exchange rates into the account's currency.",
        is_windowed=False,
        needs="multi-currency-read",
    ),
    CrmObject(
        "deals",
        "Deals with all their properties, archived ones too.",
        needs="crm.objects.deals.read and crm.schemas.deals.read",
    ),
    CrmObject(
        "deal_changes",
        "What each tracked property of a deal was set to, and when.",
        after=("deals",),
        needs="crm.objects.deals.read",
    ),
    CrmObject(
        "leads",
        "Leads, or the contacts that stand for them, archived ones too.",
        needs="crm.objects.leads.read and crm.schemas.leads.read, or crm.objects.contacts.read",
    ),
    CrmObject(
        "lead_changes",
        "What each tracked property of a lead was set to, and when.",
        after=("leads",),
        needs="crm.objects.leads.read, or crm.objects.contacts.read",
    ),
    CrmObject(
        "lead_deals",
        "Which lead is associated with which deal.",
        after=("deals", "leads"),
        needs="crm.objects.deals.read with crm.objects.leads.read or crm.objects.contacts.read",
    ),
)
