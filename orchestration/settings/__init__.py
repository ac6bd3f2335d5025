"""``FUNNEL_CONFIG`` as typed settings: ``load_settings`` and the models that it returns.

``models`` says what a setting may be, ``rules`` checks single values, ``loading`` reads the file
and words the mistakes. What the settings are used for belongs to the packages that use them.
"""

from orchestration.settings.loading import (
    DEFAULT_SETTINGS_FILE,
    SettingsError,
    load_settings,
)
from orchestration.settings.models import (
    FilesSource,
    FileTable,
    PipelineTemplate,
    Secret,
    Settings,
)

__all__ = [
    "DEFAULT_SETTINGS_FILE",
    "FileTable",
    "FilesSource",
    "PipelineTemplate",
    "Secret",
    "Settings",
    "SettingsError",
    "load_settings",
]
