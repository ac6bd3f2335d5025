"""A publication killed between two of its steps: the next run finishes it, or forgets it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.landing.nights import announced_nights, published_nights
from orchestration.publication import night
from orchestration.publication.forecasts import RELEASE_ID
from orchestration.publication.release import published_release
from tests.support.killing import kill_this_process, killed

FIRST = (datetime(2024, 1, 6, 1, tzinfo=UTC), date(2024, 1, 5))
SECOND = (datetime(2024, 1, 7, 1, tzinfo=UTC), date(2024, 1, 6))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A warehouse of one table of days, published once."""
    home = Home(tmp_path / "home")
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "create schema marts; create schema conformed;"
            "create table conformed.laid_out (table_name varchar, first_day date);"
            "create table marts.days as select date '2024-01-05' as day"
        )
    publish(home, *FIRST)
    return home


def publish(home: Home, known_at: datetime, as_of: date) -> None:
    night.publish_night(home, known_at, as_of, ["days"], {"days": "day"})


@pytest.mark.parametrize(
    ("killed_at", "done", "nights"),
    [
        ("publish", [], [FIRST]),
        (
            "record_night",
            ["Recorded the night of 2024-01-06, published by an interrupted run"],
            [FIRST, SECOND],
        ),
        ("remember_release", [], [FIRST, SECOND]),
    ],
)
def test_the_log_holds_the_nights_that_were_seen(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: str,
    done: list[str],
    nights: list[tuple[datetime, date]],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(night, killed_at, lambda *given, **named: kill_this_process())
        killed(lambda: publish(home, *SECOND))
    assert night.finish_publication(home) == done
    assert published_nights(home.landing) == nights
    assert published_release(home) == nights[-1][0].strftime(RELEASE_ID)
    assert announced_nights(home.landing) == []
    assert night.finish_publication(home) == []
    third = (datetime(2024, 1, 8, 1, tzinfo=UTC), date(2024, 1, 7))
    publish(home, *third)
    assert published_nights(home.landing) == [*nights, third]
