"""Runs that the orchestrator still takes for running, though their process is gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import dagster as dg

PROCESS_TAG = "funnel/process"


def this_process() -> str:
    """Return a name for this process that no later process on this machine shares."""
    return f"{os.getpid()}-{_started(os.getpid())}"


def bury_dead_runs(instance: dg.DagsterInstance, tell: Callable[[str], object]) -> None:
    """Mark runs as failed whose process, named by their tag, no longer exists.

    Runs without the tag belong to the daemon, whose own monitoring looks after them.
    """
    running = instance.get_runs(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    )
    for run in running:
        process = run.tags.get(PROCESS_TAG)
        if process is not None and not _lives(process):
            instance.report_run_failed(run, "The process of this run was killed.")
            tell(f"Run {run.run_id} was killed before it ended; it is now marked as failed.")


def _lives(process: str) -> bool:
    number, _, started = process.partition("-")
    return _started(int(number)) == started


def _started(number: int) -> str:
    """Return when a process started, in clock ticks since boot; empty if there is none.

    Where the system does not tell (no /proc), a living process is taken for the same one.
    """
    stat = Path(f"/proc/{number}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in parentheses may hold blanks; the start is the 20th field after it.
            return stat.read_text().rpartition(")")[2].split()[19]
        except (FileNotFoundError, ProcessLookupError):
            return ""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return ""
    return "0"
