"""A night's progress in the terminal: one line a finished part, instead of the full event log."""

from __future__ import annotations

import logging
import sys
import time

import dagster as dg

PARTS = {
    "offer_landing": "landing offered to the warehouse",
    "build_warehouse": "facts and marts built and tested",
    "marts__mart_funnel_conversion": "funnel conversion computed",
    "marts__mart_forecast": "forecast computed",
    "published__release": "published",
}


class _ProgressHandler(logging.Handler):
    """Prints finished and failed steps, and whatever was logged as a message of its own."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._began = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None:
            if record.levelno >= logging.WARNING or "lock" in record.getMessage():
                self._say(record.getMessage(), "!")
            return
        if event.is_step_success:
            self._say(_part(event.step_key), "✓")
        elif event.is_step_failure:
            self._say(_part(event.step_key) + " failed", "✗")
        elif event.is_step_restarted or event.is_step_up_for_retry:
            self._say(_part(event.step_key) + " is tried again", "!")

    def _say(self, text: str, sign: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self._began:6.1f} s  {sign} {text}\n")
        sys.stderr.flush()


def _part(step_key: str) -> str:
    if step_key in PARTS:
        return PARTS[step_key]
    if step_key.startswith("sources__"):
        _, source, table = step_key.split("__", 2)
        return f"{source}: {table} read"
    return step_key.replace("__", ": ").replace("_", " ")


@dg.logger(
    config_schema={"quiet": dg.Field(bool, default_value=False, is_required=False)},
    description="Progress of a run, one line a part.",
)
def progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Return the logger of a run that somebody watches in a terminal."""
    logger = logging.Logger("progress", logging.DEBUG)
    if not context.logger_config["quiet"]:
        logger.addHandler(_ProgressHandler())
    return logger
