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
    "hold_marts_against_suites": "marts held against their expectations",
    "marts__mart_source_status": "state of the sources told",
    "marts__mart_quality_checks": "results of the checks told",
    "published__release": "published",
}


# Details are shown only after this many seconds without a line: on long work, not on short.
_SILENCE = 2.0

# How the orchestrator words that a step was not taken because one before it failed.
_LEFT_OUT = "Not executing."


class _ProgressHandler(logging.Handler):
    """Prints finished and failed steps, and whatever was logged as a message of its own."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._began = self._said = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None:
            text = getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage()
            if _LEFT_OUT in text:
                self._say(_part(_step_of(record)) + ": left out", "–")
            elif record.levelno >= logging.WARNING or "Waiting up to" in text:
                self._say(text, "!")
            elif record.levelno >= logging.INFO and time.monotonic() - self._said > _SILENCE:
                self._say(text, "…")
            return
        if event.is_step_success:
            self._say(_part(event.step_key), "✓")
        elif event.is_step_failure:
            self._say(_part(event.step_key) + " failed", "✗")

    def _say(self, text: str, sign: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self._began:6.1f} s  {sign} {text}\n")
        sys.stderr.flush()
        self._said = time.monotonic()


def _step_of(record: logging.LogRecord) -> str:
    return str(getattr(record, "dagster_meta", {}).get("step_key") or "a step")


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
