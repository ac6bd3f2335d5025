"""The report as a part of the publication: tried once, and never a reason to lose the night.

What the page says and how it is drawn belongs to the package of the report.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.home import Home
from orchestration.landing.nights import published_nights
from orchestration.publication.release_files import DATABASE
from orchestration.run_log import CheckRecord
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.report.writing import WrittenReport

REPORT_IS_WRITTEN = "report_is_written"


@dataclass(frozen=True)
class ReportAttempt:
    """What came of writing a release's report: the page, or why there is none."""

    written: WrittenReport | None
    observed: str

    def record(self, run_id: str, checked_at: datetime) -> CheckRecord:
        """Return it as a check of the run, one that doesn't block."""
        return CheckRecord(
            run_id=run_id,
            checked_at=checked_at,
            check_name=REPORT_IS_WRITTEN,
            table_name="report",
            severity="warn",
            passed=self.written is not None,
            observed=self.observed,
            expected="a report beside the published marts",
            failing_rows=None,
        )


def try_report(
    folder: Path,
    settings: Settings,
    as_of: date,
    known_until: datetime,
    tell: Callable[[str], object],
) -> ReportAttempt:
    """Write the report of the release in ``folder``; what goes wrong is told, not raised.

    The marts are what a night is for, and the report can be made again from them.
    """
    try:
        written = write_release_report(folder, settings, as_of, known_until)
    except BaseException as error:
        # A crash inside the drawing library arrives as an exception of its own kind, which is not
        # an ``Exception``; an interrupted or ended process still has to end.
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        tell(
            "The report was not written; the marts are published without it. "
            f"Try again with: make report\n{traceback.format_exc()}"
        )
        return ReportAttempt(None, f"{type(error).__name__}: {error}"[:500])
    return ReportAttempt(written, f"{written.bytes:,} bytes")


def write_release_report(
    folder: Path,
    settings: Settings,
    as_of: date,
    known_until: datetime,
    language: str | None = None,
    path: Path | None = None,
) -> WrittenReport:
    """Write the report of the release in ``folder``, from its tables, there or to ``path``."""
    # Late: drawing is the only part that needs these libraries.
    from orchestration.report.page import Edition
    from orchestration.report.writing import REPORT, write_report

    edition = Edition(
        as_of=as_of,
        known_until=known_until,
        timezone=settings.business_timezone,
        currency=settings.reporting_currency,
        language=language or settings.report_language,
    )
    return write_report(folder / DATABASE, path or folder / REPORT, edition)


def published_edition(home: Home) -> tuple[Path, date, datetime]:
    """Return the folder of the published release, the last day it reports, and what it rests on.

    The latter is the night's stamp in UTC. Raises ``LookupError`` where no night is published.
    """
    folder = home.published.resolve()
    nights = {
        f"{stamp:%Y%m%dT%H%M%S.%fZ}": (as_of, stamp)
        for stamp, as_of in published_nights(home.landing)
    }
    if folder.name not in nights:
        raise LookupError(f"{folder} is not a night that {home.landing} knows of")
    return folder, *nights[folder.name]
