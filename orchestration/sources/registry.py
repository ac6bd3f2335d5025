"""Which kinds of sources there are, and what each extracts.

Names come light: a CRM's HTTP is loaded only when an account of it is extracted from.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from orchestration.settings import CrmSource
from orchestration.settings.rules import SOURCE_TYPES
from orchestration.sources.crm.objects import CrmObject

if TYPE_CHECKING:
    from orchestration.sources.crm.vendor import Vendor

CRM_TYPES = tuple(name for name in SOURCE_TYPES if name != "files")


def crm_objects(type_: str) -> tuple[CrmObject, ...]:
    """Return the objects of a CRM, in the order in which a night extracts them."""
    objects: tuple[CrmObject, ...] = import_module(f"orchestration.sources.{type_}.objects").OBJECTS
    return objects


def vendor_of(source: CrmSource) -> Vendor:
    """Return how a configured account is extracted from."""
    vendor: Vendor = import_module(f"orchestration.sources.{source.type}.vendor").VENDOR
    return vendor
