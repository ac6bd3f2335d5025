"""The log of published nights, part of the landing so that a rebuild knows it too.

A night's entry says which days had been reported by when; from it follows which days later
knowledge restated. Deciding when a night counts as published belongs to the publication: it
announces a night before readers can see it, and records it once they do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.landing.durable import make_folders, write_durably
from orchestration.landing.manifest import LandingError

_ANNOUNCED = ".announced"


def published_nights(root: Path) -> list[tuple[datetime, date]]:
    """Return (stamp of the night in UTC, last day it reported) for each night, oldest first."""
    paths = sorted((root / "nights").glob("*.json"))
    return _read([path for path in paths if not path.name.startswith(".")])


def _read(paths: Sequence[Path]) -> list[tuple[datetime, date]]:
    nights = []
    for path in paths:
        try:
            record = json.loads(path.read_text("utf-8"))
            nights.append(
                (
                    datetime.fromisoformat(record["known_at"]).astimezone(UTC),
                    date.fromisoformat(record["as_of"]),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise LandingError(f"{path}: not a night's entry ({error})") from error
    return nights


def record_night(root: Path, known_at: datetime, as_of: date) -> Path:
    """Add a night to the log; the same night again changes nothing."""
    path = _entry(root, known_at)
    write_durably(path, _text(known_at, as_of))
    _announcement(path).unlink(missing_ok=True)
    return path


def announce_night(root: Path, known_at: datetime, as_of: date) -> None:
    """Note what ``record_night`` is about to say: it counts for nothing until then."""
    write_durably(_announcement(_entry(root, known_at)), _text(known_at, as_of))


def announced_nights(root: Path) -> list[tuple[datetime, date]]:
    """Return the nights that were announced and never recorded, as ``published_nights`` does."""
    return _read(sorted((root / "nights").glob(f".*{_ANNOUNCED}")))


def withdraw_night(root: Path, known_at: datetime) -> None:
    """Forget a night that was announced and not published."""
    _announcement(_entry(root, known_at)).unlink(missing_ok=True)


def _entry(root: Path, known_at: datetime) -> Path:
    folder = root / "nights"
    make_folders(folder)
    return folder / f"{int(known_at.astimezone(UTC).timestamp() * 1_000_000):020d}.json"


def _announcement(entry: Path) -> Path:
    return entry.with_name(f".{entry.stem}{_ANNOUNCED}")


def _text(known_at: datetime, as_of: date) -> bytes:
    record = {"known_at": known_at.astimezone(UTC).isoformat(), "as_of": as_of.isoformat()}
    return (json.dumps(record) + "\n").encode()
