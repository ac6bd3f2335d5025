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

    def to_json(self) -> str:
        """Return the manifest as it stands in its file."""
        record = asdict(self)
        record["known_at"] = self.known_at.astimezone(UTC).isoformat()
        record["as_of"] = self.as_of.isoformat()
        return json.dumps(record, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, origin: str) -> Manifest:
        """Read a manifest; ``origin`` names its file in the error. Raises ``LandingError``."""
        try:
            record = json.loads(text)
            record["known_at"] = datetime.fromisoformat(record["known_at"]).astimezone(UTC)
            record["as_of"] = date.fromisoformat(record["as_of"])
            record["files"] = tuple(LandedFile(**entry) for entry in record["files"])
            record["inputs"] = tuple(InputFile(**entry) for entry in record["inputs"])
            return cls(**record)
        except (ValueError, KeyError, TypeError) as error:
            raise LandingError(f"{origin}: not a manifest of a load ({error})") from error
