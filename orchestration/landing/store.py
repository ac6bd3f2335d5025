"""The append-only raw store: Parquet files that exist only once a manifest names them.

Writing, committing, listing and sweeping loads belong here. What is inside a payload, and which
rows are worth landing, is the business of the sources. One writer at a time: callers hold the
night's lock while they write or sweep; readers need none.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb

from orchestration.landing.durable import (
    make_folders,
    move_durably,
    sha256_of,
    sync_folder,
    write_durably,
)
from orchestration.landing.envelope import ENVELOPE, quote_literal
from orchestration.landing.manifest import InputFile, LandedFile, LandingError, Manifest, Window

_SAFE_NAME = re.compile(r"\w[\w.-]*")


@dataclass
class LoadWriter:
    """An open load: asks for parts, is committed when its ``with`` block ends without an error."""

    load_id: str
    source: str
    table: str
    known_at: datetime
    folder: Path
    window: Window | None = None
    manifest: Manifest | None = None
    _parts: list[Path] = field(default_factory=list)

    def part(self) -> Path:
        """Return the path to write the next Parquet file to, in the envelope's schema.

        The name is hidden: nobody sees the file before the load is committed.
        """
        make_folders(self.folder)
        path = self.folder / f".{self.load_id}-{len(self._parts) + 1:05d}.parquet"
        self._parts.append(path)
        return path

    def discard(self) -> None:
        """Remove what was written so far."""
        for path in self._parts:
            path.unlink(missing_ok=True)
        self._parts.clear()


class Landing:
    """The store below one folder: ``data/`` holds the rows, ``loads/`` the manifests."""

    def __init__(self, root: Path) -> None:
        """Use the folder ``root``; it is created by the first load."""
        self.root = root
        self._read: dict[str, Manifest] = {}

    @property
    def _loads(self) -> Path:
        return self.root / "loads"

    @property
    def _data(self) -> Path:
        return self.root / "data"

    def manifests(self, source: str | None = None, table: str | None = None) -> list[Manifest]:
        """Return the committed loads in the order of their ids. Raises ``LandingError``."""
        names = sorted(
            path.name for path in self._loads.glob("*.json") if not path.name.startswith(".")
        )
        for name in names:
            if name not in self._read:
                path = self._loads / name
                self._read[name] = Manifest.from_json(path.read_text("utf-8"), str(path))
        loads = (self._read[name] for name in names)
        return [
            load for load in loads if source in (None, load.source) and table in (None, load.table)
        ]

    def files(self, source: str, table: str, after: str | None = None) -> list[Path]:
        """Return the committed Parquet files of a table, oldest first.

        ``after`` is a load id: only files of later loads are returned.
        """
        return [
            self.root / entry.path
            for load in self.manifests(source, table)
            if after is None or load.load_id > after
            for entry in load.files
        ]

    @contextmanager
    def begin(
        self,
        source: str,
        table: str,
        known_at: datetime,
        as_of: date,
        *,
        inputs: Sequence[InputFile] = (),
        settings_hash: str = "",
        mode: str = "changes",
        window: Window | None = None,
    ) -> Iterator[LoadWriter]:
        """Open a load, and commit it at the end of the ``with`` block.

        Nothing is visible before the manifest stands; after an error, nothing ever is. The load's
        ``known_at`` is never earlier than that of the table's load before it, so that a clock set
        back can't make an old version the latest. Raises ``ValueError`` for a naive ``known_at``
        or a name that can't be a folder, ``LandingError`` for a part outside the envelope.
        ``window`` is what a CRM was asked for.
        """
        for name in (source, table):
            if not _SAFE_NAME.fullmatch(name):
                raise ValueError(f"{name!r} can't name a folder: letters, digits, '_', '.', '-'")
        if known_at.tzinfo is None:
            raise ValueError("known_at needs a time zone")
        earlier = self.manifests(source, table)
        stamp = max([known_at.astimezone(UTC), *(load.known_at for load in earlier)])
        writer = LoadWriter(
            load_id=self._next_load_id(),
            source=source,
            table=table,
            known_at=stamp,
            folder=self._data / f"source={source}" / f"table={table}",
            window=window,
        )
        try:
            yield writer
            writer.manifest = self._commit(writer, as_of, tuple(inputs), settings_hash, mode)
        except BaseException:
            writer.discard()
            raise

    def sweep(self) -> list[Path]:
        """Remove what no manifest names: torn files, unfinished loads, working folders.

        Call it while holding the night's lock. Returns what was removed.
        """
        named = {self.root / entry.path for load in self.manifests() for entry in load.files}
        removed = [path for path in self._data.rglob("*") if path.is_file() and path not in named]
        removed += [path for path in self._loads.glob(".*") if path.is_file()]
        for path in removed:
            path.unlink()
        for folder in self.root.glob(".work-*"):
            shutil.rmtree(folder)
            removed.append(folder)
        for folder in {path.parent for path in removed}:
            if folder.is_dir():
                sync_folder(folder)
        return sorted(removed)

    @contextmanager
    def working_folder(self) -> Iterator[Path]:
        """Lend a folder on the landing's disk, removed afterwards (or by the next sweep)."""
        make_folders(self.root)
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self.root) as folder:
            yield Path(folder)

    def _next_load_id(self) -> str:
        loads = self.manifests()
        previous = int(loads[-1].load_id) if loads else 0
        return f"{max(previous + 1, time.time_ns() // 1000):020d}"

    def _is_first_extraction(self, writer: LoadWriter, as_of: date) -> bool:
        loads = self.manifests(writer.source)
        if not loads or (loads[0].as_of == as_of and all(load.as_of <= as_of for load in loads)):
            return True
        # A first extraction that a quota spreads over several nights is one all the same.
        spans = [load.window for load in loads if load.table == writer.table]
        return bool(spans) and not any(span is None or span.is_complete for span in spans)

    def _commit(
        self,
        writer: LoadWriter,
        as_of: date,
        inputs: tuple[InputFile, ...],
        settings_hash: str,
        mode: str,
    ) -> Manifest:
        files: list[LandedFile] = []
        totals = [0, 0, 0]
        for hidden in writer._parts:
            counts = _count(hidden)
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
            final = hidden.with_name(hidden.name.removeprefix("."))
            entry = LandedFile(
                path=final.relative_to(self.root).as_posix(),
                rows=counts[0],
                bytes=hidden.stat().st_size,
                sha256=sha256_of(hidden),
            )
            move_durably(hidden, final)
            files.append(entry)
        manifest = Manifest(
            load_id=writer.load_id,
            source=writer.source,
            table=writer.table,
            known_at=writer.known_at,
            as_of=as_of,
            is_first_extraction=self._is_first_extraction(writer, as_of),
            files=tuple(files),
            rows=totals[0],
            deleted_rows=totals[1],
            rejected_rows=totals[2],
            inputs=inputs,
            settings_hash=settings_hash,
            mode=mode,
            window=writer.window,
        )
        make_folders(self._loads)
        write_durably(self._loads / f"{writer.load_id}.json", manifest.to_json().encode())
        return manifest


def _count(part: Path) -> tuple[int, int, int]:
    """Return rows, tombstones and rows with a problem; raise if it isn't the envelope."""
    scan = f"read_parquet({quote_literal(str(part))}, hive_partitioning=false)"
    with _counting_engine().cursor() as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        found = {row[0]: row[1] for row in described}
        if found != ENVELOPE:
            raise LandingError(f"{part.name}: not the landing's envelope but {found}")
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (is_deleted), count(problem),"
            f" count(*) FILTER (id IS NULL) FROM {scan}"
        ).fetchone()
    assert row is not None  # an aggregate without groups has one row
    if row[3]:
        raise LandingError(f"{part.name}: {row[3]} rows without an id")
    return int(row[0]), int(row[1]), int(row[2])


@cache
def _counting_engine() -> duckdb.DuckDBPyConnection:
    """Return the one engine in memory that counts: a new one each time takes 15 ms, a count 2."""
    return duckdb.connect()
