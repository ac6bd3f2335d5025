"""One night's extraction of one table from a folder of exports into the landing.

The order of steps and the decisions live here: what counts as unchanged, what is set aside, when
absence is believed. Reading files is ``ingest``'s, comparing versions ``compare``'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.landing import InputFile, Landing
from orchestration.landing.envelope import quote_literal
from orchestration.sources.compare import believed_absence, find_fresh, rows_to_land_sql
from orchestration.sources.files.delivery import (
    Delivery,
    DeliveryError,
    copy_checked,
    discover,
    encoding_of,
    settings_hash,
    to_plain_utf8,
)
from orchestration.sources.files.ingest import Ingest
from orchestration.sources.files.shapes import FilesSource
from orchestration.sources.files.split import SplitFile, UnreadableFile
from orchestration.sources.result import ExtractResult, State
from orchestration.sources.working import create_delivered, working_engine

# Ends the settings' hash of a load whose delivery must be looked at again the next night.
_LOOK_AGAIN = "+again"


def extract_table(
    source: FilesSource,
    table: str,
    landing: Landing,
    *,
    known_at: datetime,
    as_of: date,
    progress: Callable[[str], None] | None = None,
) -> ExtractResult:
    """Land what is new in a table's delivery. The caller holds the night's lock.

    ``known_at`` is aware, ``as_of`` the day that the night reports; ``progress`` takes short
    texts. An unreadable folder, file or working disk gives the state ``failed`` and lands
    nothing; only a broken landing raises (``LandingError``).
    """
    started = time.monotonic()
    try:
        delivery = discover(source, table)
        result = _extract(
            source, table, landing, delivery, known_at, as_of, progress or (lambda message: None)
        )
    except (DeliveryError, OSError, duckdb.Error) as error:
        result = ExtractResult(source.name, table, "failed", message=str(error))
    return replace(result, seconds=time.monotonic() - started)


def _extract(
    source: FilesSource,
    table: str,
    landing: Landing,
    delivery: Delivery,
    known_at: datetime,
    as_of: date,
    progress: Callable[[str], None],
) -> ExtractResult:
    empty = ExtractResult(
        source.name, table, "absent", files=tuple(map(delivery.name, delivery.files))
    )
    if not delivery.files:
        return empty
    inputs = delivery.inputs()
    settings = settings_hash(source, table)
    loads = landing.manifests(source.name, table)
    if loads and loads[-1].settings_hash == settings and _same(loads[-1].inputs, inputs):
        return replace(empty, state="unchanged")
    with landing.working_folder() as folder, working_engine(folder) as connection:
        found = _read(source, table, delivery, inputs, connection, folder, progress)
        fresh = find_fresh(connection, landing.files(source.name, table))
        gone, doubt = 0, ""
        if source.mode == "full":
            gone, doubt = believed_absence(connection, found.incomplete)
        else:
            connection.execute("CREATE TABLE gone (id VARCHAR)")
        message = "; ".join(filter(None, [*found.messages, doubt]))
        state: State = "landed" if fresh or gone else "unchanged"
        if doubt:
            state = "suspicious"
        if found.unreadable_files == len(delivery.files):
            state = "failed"
        look_again = bool(doubt) or found.unreadable_files > 0
        result = replace(
            empty,
            state=state,
            rows_read=found.rows,
            rows_landed=fresh,
            rows_deleted=gone,
            rows_rejected=found.rejected,
            message=message,
        )
        if look_again and not (fresh or gone):
            return result
        with landing.begin(
            source.name,
            table,
            known_at,
            as_of,
            inputs=inputs,
            settings_hash=settings + (_LOOK_AGAIN if look_again else ""),
            mode=source.mode,
        ) as load:
            if fresh or gone:
                rows = rows_to_land_sql(
                    load.known_at.isoformat(),
                    load.load_id,
                    everything=fresh == found.delivered,
                    read=found.last_ordinal,
                )
                connection.execute(
                    f"COPY ({rows}) TO {quote_literal(str(load.part()))}"
                    " (FORMAT parquet, COMPRESSION zstd)"
                )
        progress(f"{source.name}.{table}: {fresh:,} versions and {gone:,} deletions landed")
        return replace(result, load_id=load.load_id)


def _same(landed: tuple[InputFile, ...], inputs: tuple[InputFile, ...]) -> bool:
    return [(entry.file, entry.sha256) for entry in landed] == [
        (entry.file, entry.sha256) for entry in inputs
    ]


@dataclass
class _Found:
    """What reading a delivery came to."""

    rows: int = 0
    delivered: int = 0
    rejected: int = 0
    last_ordinal: int = 0
    unreadable_files: int = 0
    incomplete: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def _read(
    source: FilesSource,
    table: str,
    delivery: Delivery,
    inputs: tuple[InputFile, ...],
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    progress: Callable[[str], None],
) -> _Found:
    """Read every file of a delivery into ``delivered``."""
    create_delivered(connection)
    ingest = Ingest(connection, source, table, folder, progress)
    found = _Found()
    copy = folder / "delivered"
    for path, expected in zip(delivery.files, inputs, strict=True):
        progress(f"{expected.file}: {expected.bytes:,} bytes")
        copy_checked(path, copy, expected)
        try:
            if expected.bytes == 0:
                found.incomplete.append(f"{expected.file} has no bytes, not even a header")
                continue
            if path.suffix.lower() == ".parquet":
                rows = ingest.parquet(copy, expected.file, found.last_ordinal)
            else:
                split = _read_text(source, table, ingest, path, copy, expected, found.last_ordinal)
                rows = split.rows
                if not split.ends_with_newline and _last_is_broken(connection, expected.file):
                    found.incomplete.append(f"{expected.file} ends in the middle of a row")
            found.rows += rows
            found.last_ordinal += rows
        except UnreadableFile as error:
            found.last_ordinal += 1
            found.unreadable_files += 1
            ingest.whole_file_problem(expected.file, found.last_ordinal, error)
            found.messages.append(f"{expected.file}: {error.problem}")
            found.incomplete.append(f"{expected.file} can't be read")
    counts = connection.execute("SELECT count(*), count(problem) FROM delivered").fetchone()
    assert counts is not None  # an aggregate without groups has one row
    found.delivered, found.rejected = counts
    rejected_rows = found.rejected - found.unreadable_files
    if rejected_rows:
        found.messages.append(f"{rejected_rows:,} of {found.rows:,} rows can't be read")
    return found


def _read_text(
    source: FilesSource,
    table: str,
    ingest: Ingest,
    path: Path,
    copy: Path,
    expected: InputFile,
    first: int,
) -> SplitFile:
    settings = source.tables.get(table)
    encoding = encoding_of(copy, settings.encoding if settings else None)
    try:
        to_plain_utf8(copy, encoding)
    except UnicodeError as error:
        raise UnreadableFile(f"not valid {encoding}: {error}", expected.file) from error
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return ingest.json_lines(copy, expected.file, first)
    split = ingest.csv(copy, expected.file, first, settings.delimiter if settings else None)
    if not split.header:
        raise UnreadableFile("no header line", expected.file)
    return split


def _last_is_broken(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    row = connection.execute(
        "SELECT max_by(problem IS NOT NULL, ordinal) FROM delivered WHERE file = $1", [name]
    ).fetchone()
    return bool(row and row[0])
