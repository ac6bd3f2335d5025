"""A past day as it was known at an earlier moment, beside the published night.

``replay`` is the function; the job makes it available in the UI. A replay reads the same landing,
leaves out what landed later, and builds into a folder of its own.
"""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.session import NightSession
from orchestration.settings import Settings
from orchestration.warehouse.build import run_build
from orchestration.warehouse.layout import Night, lay_out


def end_of_knowledge(day: date, settings: Settings) -> datetime:
    """Return the last instant of a business day: what landed by then was known on it."""
    midnight = datetime.combine(
        day + timedelta(days=1), time(), ZoneInfo(settings.business_timezone)
    )
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def replay(settings: Settings, home: Home, as_of: date, known_until: date) -> Path:
    """Rebuild every fact for ``as_of`` with the knowledge of the end of ``known_until``.

    Returns the path of a DuckDB file whose schema ``marts`` holds the facts and the marts that
    are built in SQL. Knowledge is applied to the landed records before anything is derived.
    Nothing that happened after ``known_until`` can have been known, so ``as_of`` must not lie
    after it (``ValueError``). Raises ``BuildError`` if dbt can't build.
    """
    if as_of > known_until:
        raise ValueError(f"as_of {as_of} lies after known_until {known_until}")
    # The same file name as the working one: relations carry it in their names.
    folder = home.replays / f"as_of_{as_of}_known_until_{known_until}"
    warehouse = folder / home.warehouse.name
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    warehouse.unlink(missing_ok=True)
    night = Night(as_of, known_until=end_of_knowledge(known_until, settings))
    with connect(warehouse) as connection:
        lay_out(connection, settings, home, night)
    run_build(home, "run", warehouse=warehouse).raise_if_broken()
    return warehouse


class ReplayConfig(dg.Config):
    """Which day to rebuild, and the last day whose knowledge counts (both YYYY-MM-DD)."""

    as_of: str
    known_until: str


@dg.op(description="Rebuilds a past day with the knowledge of an earlier day.")
def rebuild_past_day(
    context: dg.OpExecutionContext, config: ReplayConfig, session: NightSession
) -> None:
    """Run ``replay`` and tell where the file is."""
    path = replay(
        session.settings,
        session.home,
        date.fromisoformat(config.as_of),
        date.fromisoformat(config.known_until),
    )
    context.add_output_metadata({"database": dg.MetadataValue.path(str(path))})
    context.log.info(f"The replayed day is in {path}")


def replay_job() -> dg.JobDefinition:
    """Return the job: "the pipeline of March 31 as we saw it on April 1"."""

    @dg.job(
        name="replay",
        description=(
            "Rebuilds every fact for `as_of` with the knowledge of the end of `known_until`, into "
            "a file of its own below `replays/`. The published night is not touched."
        ),
        executor_def=dg.in_process_executor,
    )
    def replay_past_day() -> None:
        rebuild_past_day()

    return replay_past_day
