"""``FUNNEL_CONFIG`` as typed settings: ``load_settings`` and the models that it returns.

``models`` and the ``…_sources`` say what a setting may be, ``rules`` checks single values,
``loading`` reads the file and words the mistakes. What the settings are used for belongs to the
packages that use them.
"""

from orchestration.settings.base import Secret
from orchestration.settings.crm_sources import (
    CrmSource,
    HubspotSource,
    NeocrmSource,
    PipedriveSource,
    SalesforceSource,
    ZohoSource,
)
from orchestration.settings.file_sources import FilesSource, FileTable
from orchestration.settings.loading import (
    DEFAULT_SETTINGS_FILE,
    SettingsError,
    load_settings,
)
from orchestration.settings.models import PipelineTemplate, Settings, Source

__all__ = [
    "DEFAULT_SETTINGS_FILE",
    "CrmSource",
    "FileTable",
    "FilesSource",
    "HubspotSource",
    "NeocrmSource",
    "PipedriveSource",
    "PipelineTemplate",
    "SalesforceSource",
    "Secret",
    "Settings",
    "SettingsError",
    "Source",
    "ZohoSource",
    "load_settings",
]
