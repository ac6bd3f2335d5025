"""Telling somebody that a night failed, through the webhook of the settings."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable

import dagster as dg

from orchestration.settings import Settings

TIMEOUT_SECONDS = 10


def notify_failure(
    settings: Settings, run_id: str, message: str, tell: Callable[[str], object]
) -> bool:
    """Post a failed run to the webhook; return whether it was delivered.

    The body is JSON with ``text`` (what chat services show), ``run_id`` and ``message``. Trouble
    with the webhook is told, never raised: it must not hide the failure itself.
    """
    if settings.alert_webhook is None:
        return False
    text = f"The sales funnel night failed (run {run_id}): {message}"
    try:
        request = urllib.request.Request(
            settings.alert_webhook.reveal(),
            data=json.dumps({"text": text, "run_id": run_id, "message": message}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return True
    except (LookupError, ValueError, urllib.error.URLError, TimeoutError) as error:
        # The address may hold a token: only the kind of error is told.
        tell(f"The alert webhook could not be reached ({type(error).__name__}).")
        return False


def failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor that tells of failed runs which the daemon started."""

    @dg.run_failure_sensor(
        name="notify_failed_night",
        description="Posts a failed run to `alert_webhook`, if the settings name one.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def notify_failed_night(context: dg.RunFailureSensorContext) -> None:
        if context.dagster_run.tags.get("funnel/told") != "true":
            notify_failure(
                settings,
                context.dagster_run.run_id,
                context.failure_event.message or "no message",
                context.log.warning,
            )

    return notify_failed_night
