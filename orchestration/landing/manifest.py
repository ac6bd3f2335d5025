"""The record that commits one load: what landed, from which files, under which settings.

Reading and writing the JSON form belongs here; deciding when to commit belongs to the store.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime


class LandingError(Exception):
    """The landing holds something that this project can't have written, or was asked to."""


@dataclass(frozen=True)
class LandedFile:
    """One Parquet file of a load. ``path`` is relative to the landing's root."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class InputFile:
    """One delivered file as it was read. ``file`` is relative to the source's folder."""

    file: str
    bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True)
class Window:
    """The span of changes that a load of a CRM's object asked for, by the vendor's clock.

    ``start`` (aware; null: everything) counts, ``end`` no longer does. ``resume`` is null for a
    complete load; for one that ended early it says, in the extraction's own words, where to carry
    on. The ``end`` of the newest complete window is the object's high-water mark.
    """

    start: datetime | None
    end: datetime
    resume: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether everything in the window has landed."""
        return self.resume is None


@dataclass(frozen=True)
class Manifest:
    """One load: one source, one table, one stamp.

    ``known_at`` is aware and in UTC; ``as_of`` is the day that the night reports. ``rows`` counts
    every row of ``files``, ``deleted_rows`` and ``rejected_rows`` the tombstones and the rows with
    a problem among them.
    """

    load_id: str
    source: str
    table: str
    known_at: datetime
    as_of: date
    is_first_extraction: bool
    files: tuple[LandedFile, ...]
    rows: int
    deleted_rows: int
    rejected_rows: int
    inputs: tuple[InputFile, ...]
    settings_hash: str
    mode: str
    window: Window | None = None

    @property
    def high_water_mark(self) -> datetime | None:
        """Up to when changes are known to have landed: a complete window's end, else the stamp."""
        if self.window is None:
            return self.known_at
        return self.window.end if self.window.is_complete else self.window.start

    def to_json(self) -> str:
        """Return the manifest as it stands in its file."""
        record = asdict(self)
        record["known_at"] = self.known_at.astimezone(UTC).isoformat()
        record["as_of"] = self.as_of.isoformat()
        if self.window is not None:
            start, end = self.window.start, self.window.end
            record["window"]["start"] = start and start.astimezone(UTC).isoformat()
            record["window"]["end"] = end.astimezone(UTC).isoformat()
        return json.dumps(record, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, origin: str) -> Manifest:
        """Read a manifest; ``origin`` names its file in the error. Raises ``LandingError``."""
        try:
            record = json.loads(text)
            record["known_at"] = _instant(record["known_at"])
            record["as_of"] = date.fromisoformat(record["as_of"])
            record["files"] = tuple(LandedFile(**entry) for entry in record["files"])
            record["inputs"] = tuple(InputFile(**entry) for entry in record["inputs"])
            if record.get("window") is not None:
                span = record["window"]
                start = span["start"] and _instant(span["start"])
                record["window"] = Window(start, _instant(span["end"]), span["resume"])
            return cls(**record)
        except (ValueError, KeyError, TypeError) as error:
            raise LandingError(f"{origin}: not a manifest of a load ({error})") from error


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
