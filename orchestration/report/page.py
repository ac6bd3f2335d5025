"""The page: sections, pictures and wording in one template, in every language at once.

Both languages stand in the one file that is passed on; a switch without any script shows one of
them, in mail previews and on paper too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import jinja2
from markupsafe import Markup

from orchestration.report.charts.drawing import drawing_session
from orchestration.report.marts import Marts, Row
from orchestration.report.pictures import Pictures
from orchestration.report.sections.alerts import Alerts, read_alerts
from orchestration.report.sections.calibration import Calibration, read_calibration
from orchestration.report.sections.forecast import Record, read_record
from orchestration.report.sections.funnel import Funnel, Funnels, Step, read_funnels
from orchestration.report.sections.pipeline import Pipelines, read_pipelines
from orchestration.report.sections.quality import Quality, read_quality
from orchestration.report.sections.targets import Targets, read_targets
from orchestration.report.sections.velocity import Durations, Velocity, read_velocity
from orchestration.report.sections.waterfall import Waterfall, read_waterfalls
from orchestration.report.sections.win_rate import WinRate, read_win_rate
from orchestration.report.wording import LANGUAGES, Language

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Edition:
    """What a report is about: the last day, when its knowledge ends, and how it is shown.

    ``known_until`` is in UTC, ``timezone`` is where it is shown; ``currency`` holds where the
    release names none; ``language`` is the one that shows first.
    """

    as_of: date
    known_until: datetime
    timezone: str
    currency: str
    language: str


@dataclass(frozen=True)
class Contents:
    """All that the page says, read once for all languages."""

    pipelines: Pipelines | None
    win_rate: WinRate | None
    targets: Targets
    record: Record | None
    waterfalls: Sequence[Waterfall]
    alerts: Alerts | None
    funnels: Funnels | None
    velocity: Velocity | None
    calibration: Calibration | None
    quality: Quality
    currency: str | None

    @property
    def weakest_step(self) -> tuple[Funnel, Step] | None:
        """The step of a deal's way that the smallest share gets through; else of a lead's."""
        steps = [
            (funnel, funnel.weakest) for funnel in (self.funnels.funnels if self.funnels else ())
        ]
        return min(
            ((funnel, step) for funnel, step in steps if step is not None),
            key=lambda found: (found[0].entity_type == "lead", found[1].rate or 0.0),
            default=None,
        )

    @property
    def slowest_stage(self) -> tuple[Durations, Row] | None:
        """The bottleneck in which deals wait longest; else the one of leads."""
        stages = [
            (durations, durations.bottleneck)
            for durations in (self.velocity.durations if self.velocity else ())
        ]
        return min(
            ((durations, stage) for durations, stage in stages if stage is not None),
            key=lambda found: (found[0].entity_type == "lead", -found[1]["median_days"]),
            default=None,
        )


def read_contents(marts: Marts, as_of: date) -> Contents:
    """Read the marts that a release holds as far as they hold something."""
    return Contents(
        pipelines=read_pipelines(marts, as_of),
        win_rate=read_win_rate(marts, as_of),
        targets=read_targets(marts, as_of),
        record=read_record(marts, as_of),
        waterfalls=read_waterfalls(marts, as_of),
        alerts=read_alerts(marts),
        funnels=read_funnels(marts),
        velocity=read_velocity(marts, as_of),
        calibration=read_calibration(marts),
        quality=read_quality(marts),
        currency=marts.currency(),
    )


def render(contents: Contents, edition: Edition) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        # Names of stages, teams and sources come from outside.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    order = [edition.language, *(code for code in LANGUAGES if code != edition.language)]
    languages = [Language(code, contents.currency or edition.currency) for code in order]
    with drawing_session():
        return environment.get_template("report.html.j2").render(
            edition=edition,
            contents=contents,
            editions=[(language, Pictures(language)) for language in languages],
            style=Markup((_TEMPLATES / "report.css").read_text("utf-8")),
        )
