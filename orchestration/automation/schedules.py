"""When the night runs by itself: after midnight of the business time zone, once switched on."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from orchestration.automation.jobs import NIGHT
from orchestration.automation.retries import SCHEDULED
from orchestration.settings import Settings
from orchestration.warehouse.assets import DAILY
from orchestration.warehouse.partitions import missing_days, range_tags


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule. A missed night is caught up: the run covers every missing day."""
    hour, minute = settings.night_at.split(":")

    @dg.schedule(
        name="nightly",
        job_name=NIGHT,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=settings.business_timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"The night, at {settings.night_at} ({settings.business_timezone}). Off until you "
            "switch it on here or with `dagster schedule start nightly`."
        ),
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        now = context.scheduled_execution_time or datetime.now(UTC)
        as_of = settings.as_of_day(now)
        first, last = missing_days(context.instance, DAILY, settings, as_of)
        return dg.RunRequest(
            # One run a tick, whatever the daemon does.
            run_key=f"{NIGHT}-{now.isoformat()}",
            tags={**range_tags(first, last), SCHEDULED: "true"},
        )

    return nightly
