"""The settings of a source that is a folder of exported files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictStr,
    ValidationInfo,
    field_validator,
)

from orchestration.home import Home
from orchestration.settings import rules
from orchestration.settings.base import SOURCE_NAME, SettingsModel, SourceName, Text, TimeZone


class FileTable(SettingsModel):
    """Where one table of a folder of exports differs from the contract's names."""

    file: Annotated[Text, AfterValidator(rules.inside_folder)] | None = Field(
        default=None, description="a path relative to the source's folder and inside it"
    )
    columns: dict[str, Text] = Field(
        default_factory=dict, description="the contract's column = the header in the file, a text"
    )
    defaults: dict[str, Annotated[str, BeforeValidator(rules.default_text)]] = Field(
        default_factory=dict,
        description="the contract's column = a text, finite number, true, false, date or time",
    )
    encoding: Annotated[StrictStr, AfterValidator(rules.text_encoding)] = Field(
        default="utf-8", description="a text encoding, such as utf-8, utf-16 or cp1252"
    )
    delimiter: Annotated[StrictStr, AfterValidator(rules.delimiter)] | None = Field(
        default=None, description='one character, such as ";" or "\\t"'
    )


class FilesSource(SettingsModel):
    """A folder of exports of one account of any system."""

    name: SourceName = Field(description=SOURCE_NAME)
    type: Literal["files"] = Field(description='"files"')
    path: Path = Field(description="a folder that exists, relative to the settings file's folder")
    timezone: TimeZone = Field(
        default="UTC", description="an IANA time zone, such as Europe/Amsterdam"
    )
    mode: Literal["changes", "full"] = Field(default="changes", description='"changes" or "full"')
    tables: dict[str, FileTable] = Field(
        default_factory=dict, description="one TOML table for each table of the contract"
    )

    @field_validator("path", mode="before")
    @classmethod
    def _existing_folder(cls, value: Any, info: ValidationInfo) -> Path:
        if not isinstance(value, str | Path) or not str(value):
            raise rules.mistake()
        context = info.context or {}
        home: Home = context.get("home") or Home.from_environment()
        folder: Path = context.get("folder") or Path.cwd()
        written = str(value).replace("${FUNNEL_HOME}", str(home.root))
        path = Path(os.path.normpath(folder / Path(written).expanduser()))
        # The sample's folders are generated when they are first needed. A folder that vanished
        # after it was read (a mount that is gone) is that source's failure, not the night's.
        landed = home.landing / "data" / f"source={info.data.get('name')}"
        if not path.is_relative_to(home.sample) and not path.is_dir() and not landed.is_dir():
            what = "is not a folder" if path.exists() else "does not exist"
            raise rules.mistake(f"{path} {what}")
        return path

    @field_validator("tables", mode="wrap")
    @classmethod
    def _known_columns(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        return rules.all_mistakes(value, handler, rules.mapping_mistakes(value))
