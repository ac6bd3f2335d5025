"""What every part of the settings is made of: frozen models, texts, time zones, secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, StringConstraints

from orchestration.settings import rules

Text = Annotated[StrictStr, StringConstraints(min_length=1)]
SourceName = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
SOURCE_NAME = "a lower-case letter, then lower-case letters, digits and underscores"
TimeZone = Annotated[StrictStr, AfterValidator(rules.timezone)]


class SettingsModel(BaseModel):
    """A part of the settings: no unknown keys, no changes."""

    # Inputs are hidden because a secret may stand where it doesn't belong.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Secret(SettingsModel):
    """A secret, known here only by the environment variable that holds it."""

    env: Annotated[StrictStr, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="the name of an environment variable"
    )

    def reveal(self, environ: Mapping[str, str] | None = None) -> str:
        """Return the value from ``environ`` (default: the process's environment).

        Raises ``LookupError``, naming the variable, where it is not set or empty.
        """
        value = (os.environ if environ is None else environ).get(self.env)
        if not value:
            raise LookupError(f"the environment variable {self.env} is not set")
        return value
