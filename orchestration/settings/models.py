"""The settings as frozen models: every key, its type, its default and what it allows.

A field's description says what is allowed; it is what an error message shows. Reading the file and
wording the errors belong in ``loading``, checks of single values in ``rules``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from orchestration.home import Home
from orchestration.settings import rules

_Text = Annotated[StrictStr, StringConstraints(min_length=1)]
_TimeZone = Annotated[StrictStr, AfterValidator(rules.timezone)]


class _Model(BaseModel):
    # Inputs are hidden because a secret may stand where it doesn't belong.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Secret(_Model):
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


class PipelineTemplate(_Model):
    """A pipeline without a stage list of its own, and the shipped template that it takes."""

    pipeline: _Text = Field(description="the name of a pipeline, as the records carry it")
    template: Annotated[StrictStr, AfterValidator(rules.stage_template)] = Field(
        description="the name of a shipped stage template"
    )


class FileTable(_Model):
    """Where one table of a folder of exports differs from the contract's names."""

    file: Annotated[_Text, AfterValidator(rules.inside_folder)] | None = Field(
        default=None, description="a path relative to the source's folder and inside it"
    )
    columns: dict[str, _Text] = Field(
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


class FilesSource(_Model):
    """A folder of exports of one account of any system."""

    name: Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="a lower-case letter, then lower-case letters, digits and underscores"
    )
    type: Literal["files"] = Field(description='"files"')
    path: Path = Field(description="a folder that exists, relative to the settings file's folder")
    timezone: _TimeZone = Field(
        default="UTC", description="an IANA time zone, such as Europe/Amsterdam"
    )
    mode: Literal["changes", "full"] = Field(default="changes", description='"changes" or "full"')
    tables: dict[str, FileTable] = Field(
        default_factory=dict, description="one TOML table for each table of the contract"
    )

    @model_validator(mode="before")
    @classmethod
    def _only_files(cls, value: Any) -> Any:
        # First, so that the keys of a CRM's source are not each called unknown.
        if isinstance(value, dict) and value.get("type", "files") != "files":
            rules.source_type(value["type"])
        return value

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


class Settings(_Model):
    """Everything that ``FUNNEL_CONFIG`` says."""

    path: Path = Field(description="the settings file itself")
    business_timezone: _TimeZone = Field(
        default="UTC",
        description="an IANA time zone, such as Europe/Amsterdam; a day ends at midnight there",
    )
    reporting_currency: Annotated[StrictStr, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        default="EUR", description="three upper-case letters, such as EUR"
    )
    fiscal_year_start_month: Annotated[StrictInt, Field(ge=1, le=12)] = Field(
        default=1, description="a whole number from 1 to 12"
    )
    week_start: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = Field(default="monday", description="a day of the week, such as monday")
    as_of: Annotated[date | None, BeforeValidator(rules.day)] = Field(
        default=None, description="a date as YYYY-MM-DD; without it, yesterday"
    )
    conversion_horizon_days: Annotated[StrictInt, Field(gt=0)] = Field(
        default=180, description="a whole number of days above 0"
    )
    alert_webhook: Secret | None = Field(
        default=None,
        description='{ env = "NAME" }, naming an environment variable; '
        "a secret never stands in the file",
    )
    night_at: Annotated[StrictStr, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        default="01:00", description="a time of the business day's zone as HH:MM"
    )
    report_language: Literal["en", "zh"] = Field(default="en", description='"en" or "zh"')
    pipelines: tuple[PipelineTemplate, ...] = Field(
        default=(), description="[[pipelines]] tables with pipeline and template"
    )
    first_day: Annotated[date | None, BeforeValidator(rules.day)] = Field(
        default=None,
        description="the first day that the orchestrator shows as a partition, as YYYY-MM-DD; "
        "without it, the first of January of the year before",
    )
    sources: tuple[FilesSource, ...] = Field(description="at least one [[sources]] table")

    @field_validator("sources", mode="wrap")
    @classmethod
    def _names_once(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        # Not min_length: that counts the entries that are right, and complains of a wrong one too.
        if isinstance(value, list | tuple) and not value:
            raise rules.mistake()
        return rules.all_mistakes(value, handler, rules.repeated(_each(value, "name"), "name"))

    @field_validator("pipelines", mode="wrap")
    @classmethod
    def _pipelines_once(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        found = rules.repeated(_each(value, "pipeline"), "pipeline")
        return rules.all_mistakes(value, handler, found)

    def as_of_day(self, now: datetime) -> date:
        """Return the last day to report: ``as_of``, or yesterday in the business time zone.

        ``now`` needs a time zone; a naive one raises ``ValueError``.
        """
        if self.as_of is not None:
            return self.as_of
        if now.utcoffset() is None:
            raise ValueError("the present moment needs a time zone")
        return now.astimezone(ZoneInfo(self.business_timezone)).date() - timedelta(days=1)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of every setting that changes what landed records mean.

        Left out: when and until which day a night runs, the webhook, the report's language, the
        order of the lists, and where the settings file and the sources' folders lie.
        """
        outside = {"path", "as_of", "alert_webhook", "night_at", "first_day", "report_language"}
        meaning = self.model_dump(mode="json", exclude=outside)
        for source in meaning["sources"]:
            del source["path"]
        meaning["sources"].sort(key=lambda source: source["name"])
        meaning["pipelines"].sort(key=lambda entry: entry["pipeline"])
        text = json.dumps(meaning, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _each(entries: Any, key: str) -> list[Any]:
    """Return ``key`` of every entry, as the file or the caller gave it; null where it has none."""
    if not isinstance(entries, list | tuple):
        return []
    return [
        entry.get(key) if isinstance(entry, dict) else getattr(entry, key, None)
        for entry in entries
    ]
