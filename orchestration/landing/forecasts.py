"""The forecasts as they were published, part of the landing so that a rebuild knows them too.

One file a reported day, written once: what was published first for a day is what was forecast on
it. Which rows make a forecast, and when it counts as published, is decided by the publication.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from orchestration.landing.durable import make_folders, move_durably
from orchestration.mart_shapes import FORECAST

_SAID = (
    "as_of", "method", "period", "period_start", "period_end", "dimension", "dimension_value",
    "expected", "p10", "p25", "p50", "p75", "p90",
)  # fmt: skip
# Columns of a file with their types: what was said of each period, by whom, and in what money.
PUBLISHED_FORECAST = {
    "known_at": "timestamptz",
    "currency": "varchar",
    **{name: FORECAST.columns[name] for name in _SAID},
}


def published_forecasts(root: Path) -> list[Path]:
    """Return the Parquet files of all published forecasts, oldest reported day first."""
    return sorted(
        path for path in (root / "forecasts").glob("*.parquet") if not path.name.startswith(".")
    )


def has_forecast(root: Path, as_of: date) -> bool:
    """Return whether the forecast of a reported day is in the record."""
    return _file(root, as_of).exists()


def record_forecast(root: Path, as_of: date, write: Callable[[Path], object]) -> bool:
    """Add a day's forecast to the record; return whether it was added.

    ``write`` is given the path to write the Parquet file to. A day that is there stays as it is.
    """
    final = _file(root, as_of)
    if final.exists():
        return False
    make_folders(final.parent)
    hidden = final.with_name(f".{final.name}")
    write(hidden)
    move_durably(hidden, final)
    return True


def _file(root: Path, as_of: date) -> Path:
    return root / "forecasts" / f"{as_of.isoformat()}.parquet"
