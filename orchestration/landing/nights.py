"""The log of published nights, part of the landing so that a rebuild knows it too.

A night's entry says which days had been reported by when; from it follows which days later
knowledge restated. Deciding when a night counts as published belongs to the publication.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.landing.durable import make_folders, write_durably
from orchestration.landing.manifest import LandingError


def published_nights(root: Path) -> list[tuple[datetime, date]]:
    """Return (stamp of the night in UTC, last day it reported) for each night, oldest first."""
    nights = []
    for path in sorted((root / "nights").glob("*.json")):
        if path.name.startswith("."):
            continue
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
    stamp = known_at.astimezone(UTC)
    folder = root / "nights"
    make_folders(folder)
    path = folder / f"{int(stamp.timestamp() * 1_000_000):020d}.json"
    text = json.dumps({"known_at": stamp.isoformat(), "as_of": as_of.isoformat()}) + "\n"
    write_durably(path, text.encode())
    return path
