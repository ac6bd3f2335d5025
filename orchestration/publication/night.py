"""A night's publication from its first step to its last, and what a killed one left undone.

Here belongs the order of the steps, so that a process killed between any two of them leaves what
the next run can finish. The release itself is made by ``release``; whether a night is good enough
to be published is decided before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.landing.nights import (
    announce_night,
    announced_nights,
    record_night,
    withdraw_night,
)
from orchestration.publication.forecasts import RELEASE_ID, record_published
from orchestration.publication.release import Release, publish, published_release
from orchestration.published_tables import BY_MONTH, PUBLISHED_TABLES
from orchestration.warehouse.memory import days_since_release, remember_release


def publish_night(
    home: Home,
    known_at: datetime,
    as_of: date,
    tables: Sequence[str] = PUBLISHED_TABLES,
    by_month: Mapping[str, str] = BY_MONTH,
    companion: Callable[[Path], object] | None = None,
) -> Release:
    """Publish the working file's marts as the night of ``known_at``, and log the night.

    ``tables``, ``by_month`` (as ``partitioned``) and ``companion`` as in ``publish``, whose errors
    pass through.
    """
    with connect(home.warehouse) as connection:
        first_days = days_since_release(connection, published_release(home), by_month)
    announce_night(home.landing, known_at, as_of)
    published = publish(
        home.warehouse,
        home,
        "marts",
        tables,
        known_at.strftime(RELEASE_ID),
        partitioned=by_month,
        first_days=first_days,
        companion=companion,
    )
    record_night(home.landing, known_at, as_of)
    record_published(home)
    with connect(home.warehouse) as connection:
        remember_release(connection, published.release_id)
    return published


def finish_publication(home: Home) -> list[str]:
    """Log what an interrupted run published, and forget what it did not; return what was done.

    The caller holds the night's lock.
    """
    done = []
    for known_at, as_of in announced_nights(home.landing):
        if published_release(home) == known_at.strftime(RELEASE_ID):
            record_night(home.landing, known_at, as_of)
            done.append(f"Recorded the night of {as_of}, published by an interrupted run")
        else:
            withdraw_night(home.landing, known_at)
    if (added := record_published(home)) is not None:
        done.append(f"Recorded the forecast of {added}, published by an interrupted run")
    return done
