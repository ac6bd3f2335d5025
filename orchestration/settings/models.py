"""The settings as frozen models: every key, its type, its default and what it allows.

A field's description says what is allowed; it is what an error message shows. Reading the file and
wording the errors belong in ``loading``, checks of single values in ``rules``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictInt,
    StrictStr,
    StringConstraints,
    field_validator,
)

from orchestration.settings import rules
from orchestration.settings.base import Secret, SettingsModel, Text, TimeZone
from orchestration.settings.crm_sources import (
    CrmSource,
    HubspotSource,
    NeocrmSource,
    PipedriveSource,
    SalesforceSource,
    ZohoSource,
)
from orchestration.settings.file_sources import FilesSource

Source = Annotated[
    FilesSource | SalesforceSource | HubspotSource | PipedriveSource | ZohoSource | NeocrmSource,
    Field(discriminator="type"),
]
# Keys of a source that say how it is reached, not what its records mean.
SOURCE_CIRCUMSTANCES = frozenset({"path", *CrmSource.circumstances()})


def source_models() -> dict[str, type[SettingsModel]]:
    """Return the model of each type of source."""
    models: tuple[type[SettingsModel], ...] = (
        FilesSource,
        SalesforceSource,
        HubspotSource,
        PipedriveSource,
        ZohoSource,
        NeocrmSource,
    )
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in models}


class PipelineTemplate(SettingsModel):
    """A pipeline without a stage list of its own, and the shipped template that it takes."""

    pipeline: Text = Field(description="the name of a pipeline, as the records carry it")
    template: Annotated[StrictStr, AfterValidator(rules.stage_template)] = Field(
        description="the name of a shipped stage template"
    )


class Forecast(SettingsModel):
    """On how many past days the forecast is tried out; a first night pays a second for each."""

    past_days: Annotated[StrictInt, Field(ge=0)] = Field(
        default=20, description="a whole number of days, at least 0"
    )


class Alerts(SettingsModel):
    """When a deal needs a look, in a pipeline with too few finished deals to learn it from."""

    evidence_deals: Annotated[StrictInt, Field(ge=1)] = Field(
        default=20, description="a whole number of deals or visits, at least 1"
    )
    stalled_days: Annotated[StrictInt, Field(ge=1)] = Field(
        default=30, description="a whole number of days, at least 1"
    )
    pushes: Annotated[StrictInt, Field(ge=0)] = Field(
        default=2, description="a whole number, at least 0"
    )
    shrunk_rate: Annotated[float, Field(strict=True, gt=0, lt=1)] = Field(
        default=0.2, description="a number between 0 and 1"
    )
    skipped_stages: Annotated[StrictInt, Field(ge=0)] = Field(
        default=0, description="a whole number, at least 0"
    )
    disqualify_win_rate: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        default=0.15, description="a number from 0 to 1"
    )


class Settings(SettingsModel):
    """Everything that ``FUNNEL_CONFIG`` says."""

    path: Path = Field(description="the settings file itself")
    business_timezone: TimeZone = Field(
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
    forecast: Forecast = Field(
        default_factory=Forecast, description="a TOML table of how the forecast is tried out"
    )
    alerts: Alerts = Field(
        default_factory=Alerts, description="a TOML table of thresholds of the deals' alerts"
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
    sources: tuple[Source, ...] = Field(description="at least one [[sources]] table")

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

        Left out: when and until which day a night runs, what it warns of and where, the order of
        the lists, where the settings file and the sources lie, how a CRM is reached, and the
        report's language.
        """
        told = {"alerts", "forecast", "alert_webhook", "report_language"}
        outside = {"path", "as_of", "night_at", "first_day", *told}
        meaning = self.model_dump(mode="json", exclude=outside)
        for source in meaning["sources"]:
            for key in SOURCE_CIRCUMSTANCES & source.keys():
                del source[key]
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
