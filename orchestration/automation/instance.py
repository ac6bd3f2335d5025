"""The orchestrator's instance inside the home folder."""

from __future__ import annotations

import os
import shutil

import dagster as dg

from orchestration.home import PROJECT_ROOT, Home
from orchestration.session import NightLock

_LONGEST_CREATION = 60.0
# So many events, of those that belong together, are written in one transaction. A first night
# tells of hundreds of days at once.
_EVENTS_PER_BATCH = 1000


def prepare_instance(home: Home) -> None:
    """Put the instance's settings in place and point the environment at them."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "profiles" / "dagster.yaml", home.dagster / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["FUNNEL_HOME"] = str(home.root)
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(_EVENTS_PER_BATCH))


def open_instance(home: Home) -> dg.DagsterInstance:
    """Return the persistent instance, where runs, checks and schedules are recorded."""
    prepare_instance(home)
    # Two first nights at once would both create the instance's databases, and one would fail.
    with NightLock(home.dagster / "instance.lock").holding(
        _LONGEST_CREATION, lambda _: None, what="opening the orchestrator's instance"
    ):
        return dg.DagsterInstance.get()
