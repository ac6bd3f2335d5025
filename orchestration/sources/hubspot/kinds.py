"""What deals and leads are called in HubSpot, and which of their properties tell the past."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.settings import HubspotSource
from orchestration.sources.crm.errors import NotOffered


@dataclass(frozen=True)
class Kind:
    """One type of HubSpot's records.

    ``changed`` names the property with the time of the last change, ``tracked`` those whose history
    is read. ``properties`` are those that land; empty: all that there are.
    """

    object_type: str
    changed: str
    tracked: tuple[str, ...]
    properties: tuple[str, ...] = ()


DEALS = Kind(
    "deals",
    "hs_lastmodifieddate",
    (
        *("dealstage", "pipeline", "amount", "deal_currency_code", "closedate"),
        *("hubspot_owner_id", "hs_merged_object_ids"),
    ),
)
LEADS = Kind(
    "leads", "hs_lastmodifieddate", ("hs_pipeline_stage", "hs_pipeline", "hubspot_owner_id")
)
# Contacts are people: of them only what the funnel needs leaves HubSpot.
CONTACTS = Kind(
    "contacts",
    "lastmodifieddate",
    ("lifecyclestage", "hubspot_owner_id", "hs_merged_object_ids"),
    (
        *("hs_object_id", "createdate", "lastmodifieddate", "lifecyclestage", "hs_lead_status"),
        *("hubspot_owner_id", "hs_analytics_source", "hs_latest_source", "hubspotscore"),
        *("hs_merged_object_ids", "num_associated_deals"),
    ),
)


def lead_kind(settings: HubspotSource) -> Kind:
    """Return what stands for leads in an account. Raises ``NotOffered`` where nothing does."""
    match settings.leads:
        case "leads":
            return LEADS
        case "contacts":
            return CONTACTS
        case _:
            raise NotOffered(f'{settings.name}: its settings say leads = "none"')
