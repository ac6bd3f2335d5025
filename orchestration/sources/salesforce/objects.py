"""The objects extracted from Salesforce, in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = ()
