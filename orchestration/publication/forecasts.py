"""What a published night adds to the record of forecasts in the landing.

How the record is kept is the landing's business; what becomes of it that of
``mart_forecast_accuracy``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.engine import connect, literal
from orchestration.home import Home
from orchestration.landing.forecasts import PUBLISHED_FORECAST, has_forecast, record_forecast
from orchestration.publication.release_files import DATABASE

# How a night's release is named: by its stamp.
RELEASE_ID = "%Y%m%dT%H%M%S.%fZ"


def record_published(home: Home) -> date | None:
    """Add the forecast of the published release to the record, unless its day is there.

    Reads the release itself, so it also makes good what a night that was killed after its
    publication left undone. The whole pipeline has no day on which it could be judged, and is
    left out. Returns the day added.
    """
    database = home.published / DATABASE
    if not database.exists():
        return None
    known_at = datetime.strptime(home.published.resolve().name, RELEASE_ID).replace(tzinfo=UTC)
    with connect(database, read_only=True) as connection:
        if not _tells_ranges(connection):
            return None
        days = connection.execute("select distinct as_of from marts.mart_forecast").fetchall()
        if not days or has_forecast(home.landing, days[0][0]):
            return None
        as_of: date = days[0][0]
        record_forecast(home.landing, as_of, lambda path: _write(connection, path, known_at))
    return as_of


def _tells_ranges(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the release has a forecast, and one with all that the record keeps."""
    found = connection.execute(
        "select column_name from information_schema.columns"
        " where table_schema = 'marts' and table_name = 'mart_forecast'"
    ).fetchall()
    return {"known_at", "currency", *(name for (name,) in found)} >= set(PUBLISHED_FORECAST)


def _write(connection: duckdb.DuckDBPyConnection, path: Path, known_at: datetime) -> None:
    said = {
        "known_at": literal(known_at),
        "currency": (
            "select any_value(currency) from marts.fct_fx_rates"
            " where rate_source = 'reporting currency'"
        ),
    }
    columns = ", ".join(
        f"({said.get(name, name)})::{kind} as {name}" for name, kind in PUBLISHED_FORECAST.items()
    )
    connection.execute(
        f"copy (select {columns} from marts.mart_forecast where period_start is not null)"
        f" to {literal(str(path))} (format parquet)"
    )
