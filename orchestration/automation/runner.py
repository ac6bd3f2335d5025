"""Running a job inside this process, recorded in the same instance that the UI shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import dagster as dg

from orchestration.automation.instance import open_instance
from orchestration.automation.jobs import BACKFILL, NIGHT
from orchestration.automation.notifications import notify_failure
from orchestration.garbage import look_seldom
from orchestration.home import Home
from orchestration.session.dead_runs import PROCESS_TAG, this_process
from orchestration.settings import Settings
from orchestration.warehouse.partitions import missing_days, range_tags


@dataclass
class RunOutcome:
    """How a run ended. ``seconds`` maps each step to the time it took, in order of their ends."""

    run_id: str
    success: bool
    message: str = ""
    is_busy: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    total_seconds: float = 0.0


def run_night(settings: Settings, *, wait_seconds: float, quiet: bool) -> RunOutcome:
    """Run the night for every day that has no snapshot yet, up to ``as_of``."""
    from orchestration.warehouse.assets import DAILY

    with open_instance(Home.from_environment()) as instance:
        as_of = settings.as_of_day(datetime.now(UTC))
        first, last = missing_days(instance, DAILY, settings, as_of)
        return _run(instance, settings, NIGHT, first, last, wait_seconds, quiet)


def run_backfill(
    settings: Settings, first: date, last: date, *, wait_seconds: float, quiet: bool
) -> RunOutcome:
    """Lay out a range of days anew from the landing, and publish."""
    with open_instance(Home.from_environment()) as instance:
        return _run(instance, settings, BACKFILL, first, last, wait_seconds, quiet)


def _run(
    instance: dg.DagsterInstance,
    settings: Settings,
    job_name: str,
    first: date,
    last: date,
    wait_seconds: float,
    quiet: bool,
) -> RunOutcome:
    look_seldom()
    # Late: it reads the settings and parses dbt's project.
    from orchestration.definitions import defs
    from orchestration.session import NightSession

    job = defs.resolve_job_def(job_name)
    started = datetime.now(UTC)
    result = job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        resources={"session": NightSession(wait_seconds=wait_seconds)},
        run_config={"loggers": {"progress": {"config": {"quiet": quiet}}}},
        tags={
            **range_tags(first, last),
            PROCESS_TAG: this_process(),
            # The daemon's sensor leaves alone what is told from here.
            "funnel/told": "true",
        },
    )
    outcome = RunOutcome(
        run_id=result.run_id,
        success=result.success,
        seconds={
            stats.step_key: stats.end_time - stats.start_time
            for stats in sorted(
                instance.get_run_step_stats(result.run_id), key=lambda stats: stats.end_time or 0
            )
            if stats.start_time and stats.end_time
        },
        total_seconds=(datetime.now(UTC) - started).total_seconds(),
    )
    if not result.success:
        outcome.message, outcome.is_busy = _reason(result)
        notify_failure(settings, result.run_id, outcome.message, print)
    return outcome


def _reason(result: dg.ExecuteInProcessResult) -> tuple[str, bool]:
    """Return why a run failed, in the words of its first failure, and whether it never began."""
    for event in result.all_events:
        error = None
        if event.is_step_failure:
            error = event.step_failure_data.error
        elif event.is_failure:
            error = getattr(event.event_specific_data, "error", None)
        if error is not None:
            cause = error
            while cause.cause is not None:
                cause = cause.cause
            text = cause.message.strip()
            return text, "NightLockBusy" in text
    return "see the run in the UI", False
