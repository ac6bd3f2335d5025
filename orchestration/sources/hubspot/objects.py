"""The objects extracted from HubSpot, in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = ()
