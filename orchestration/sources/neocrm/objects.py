"""The objects extracted from 销售易 (Neocrm), in the order of a night."""

from orchestration.sources.crm.objects import CrmObject

OBJECTS: tuple[CrmObject, ...] = ()
