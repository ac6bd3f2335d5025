"""Trying a scheduled night again after it failed, a little later each time."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.automation.jobs import NIGHT
from orchestration.warehouse.partitions import RANGE_END, RANGE_START

SCHEDULED = "funnel/scheduled"
ATTEMPT = "funnel/attempt"

# What is down at one o'clock is often up at two; after three tries somebody has to look.
WAITS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45))


def due_again(attempt: int, failed_at: datetime) -> datetime | None:
    """Return when a night that failed in its n-th attempt (0 is the first) is due again.

    Null where it has been tried often enough.
    """
    return failed_at + WAITS[attempt] if attempt < len(WAITS) else None


def retry_sensor() -> dg.SensorDefinition:
    """Return the sensor that starts a failed scheduled night again, with growing waits."""

    @dg.sensor(
        name="retry_failed_night",
        job_name=NIGHT,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Starts a scheduled night that failed again after "
            + ", ".join(f"{int(wait.total_seconds() // 60)}" for wait in WAITS)
            + " minutes, then leaves it to people."
        ),
    )
    def retry_failed_night(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        # Only the newest night counts: a later one has caught up whatever an earlier one missed.
        records = context.instance.get_run_records(dg.RunsFilter(job_name=NIGHT), limit=1)
        if not records or records[0].dagster_run.status != dg.DagsterRunStatus.FAILURE:
            return dg.SkipReason("The newest night did not fail.")
        run = records[0].dagster_run
        if run.tags.get(SCHEDULED) != "true":
            return dg.SkipReason("The newest night was started by hand.")
        attempt = int(run.tags.get(ATTEMPT, "0"))
        ended = records[0].end_time
        failed_at = datetime.fromtimestamp(ended, UTC) if ended else records[0].update_timestamp
        due = due_again(attempt, failed_at)
        if due is None:
            return dg.SkipReason(f"Tried {attempt + 1} times; somebody has to look.")
        if datetime.now(UTC) < due:
            return dg.SkipReason(f"Due again at {due:%Y-%m-%d %H:%M} UTC.")
        kept = {key: run.tags[key] for key in (RANGE_START, RANGE_END) if key in run.tags}
        return dg.RunRequest(
            run_key=f"{run.run_id}-again",
            tags={**kept, SCHEDULED: "true", ATTEMPT: str(attempt + 1)},
        )

    return retry_failed_night
