"""Publish one night: copy the marts into a release folder and swap the link that readers follow.

Here belong the release's files and the swap. Which tables are published, and whether they are good
enough, is decided before. The caller holds the night's lock, so one publication runs at a time.

A release is complete and on disk before its folder gets its name, and the link moves to it in one
step; a process killed at any point leaves the link on a complete release.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.home import Home

DATABASE = "funnel.duckdb"
PARQUET = "parquet"
SCHEMA = "marts"
KEPT_RELEASES = 3

# DuckDB 2 writes files that no 1.x can open unless told otherwise, and analysts' tools lag behind.
_STORAGE_VERSION = "v1.0.0"
# With it a publication of 10 or 30 million rows of 14 columns peaks at 0.6 or 1.1 GB resident, and
# takes 9 or 22 s on two cores.
_MEMORY_LIMIT = "1GB"

_BUILDING = ".building"
_REMOVING = ".removing"
_LINK = ".published."
_RELEASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class PublicationError(Exception):
    """A release can't be made or swapped in; readers still see the one before."""


@dataclass(frozen=True)
class Release:
    """What was published: rows by table, size of all files, and the time that it took."""

    release_id: str
    path: Path
    tables: Mapping[str, int]
    bytes: int
    seconds: float


def publish(
    warehouse: Path,
    home: Home,
    schema: str,
    tables: Sequence[str],
    release_id: str,
    partitioned: Mapping[str, str] | None = None,
    order_by: Mapping[str, Sequence[str]] | None = None,
    companion: Callable[[Path], object] | None = None,
) -> Release:
    """Publish ``tables`` of ``schema`` in the DuckDB file ``warehouse`` as ``release_id``.

    Writes ``releases/<release_id>/funnel.duckdb`` (schema ``marts``: the same rows in the same
    order, with the comments, without constraints) and ``parquet/<table>/``: one file
    ``<table>.parquet``, or, for a table that ``partitioned`` maps to a ``DATE`` column, one file
    ``<yyyy-mm>.parquet`` for each month (``undated.parquet`` for null). A table that ``order_by``
    names is sorted by those columns; the others keep the order they have. Then ``published`` is
    swapped, and all but the last three releases are removed.

    ``companion`` is called with the folder once the tables are in it, and may add files that are
    swapped in with them; what it raises keeps the release from being published.

    No other connection to ``warehouse`` may be open. Raises ``PublicationError`` for names that
    can't be used, missing tables, a ``published`` that is no link, and an id that is published
    already; errors of DuckDB and of the file system pass through. After any error readers see the
    release before.
    """
    started = time.monotonic()
    months_of = dict(partitioned or {})
    _check_names(tables, release_id, months_of)
    _check_link(home, release_id)
    if not warehouse.is_file():
        raise PublicationError(f"there is no warehouse at {warehouse}")
    home.releases.mkdir(parents=True, exist_ok=True)
    _sweep(home)

    previous = _published_name(home)
    building = home.releases / f".{release_id}{_BUILDING}"
    final = home.releases / release_id
    if final.exists():
        # Complete but never swapped in, or replaced since: nobody is led to it.
        _remove(final)
    building.mkdir()
    try:
        rows = _write(warehouse, schema, tables, months_of, order_by or {}, building)
        if companion is not None:
            companion(building)
        size = _sync_tree(building)
        building.rename(final)
        _sync(home.releases)
        _swap(home, release_id)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        if not _is_published(home, release_id):
            shutil.rmtree(final, ignore_errors=True)
        raise
    _prune(home, release_id, previous)
    return Release(release_id, final, rows, size, time.monotonic() - started)


def _check_names(tables: Sequence[str], release_id: str, partitioned: Mapping[str, str]) -> None:
    if not _RELEASE_ID.fullmatch(release_id):
        raise PublicationError(
            f"release id {release_id!r}: only letters, digits, '_', '.' and '-' are allowed"
        )
    if not tables:
        raise PublicationError("a release without tables is not published")
    for table in tables:
        if not _TABLE_NAME.fullmatch(table):
            raise PublicationError(f"table {table!r} can't be a folder's name")
    if len({table.lower() for table in tables}) < len(tables):
        raise PublicationError(f"a table is named twice: {', '.join(tables)}")
    if strangers := sorted(set(partitioned) - set(tables)):
        raise PublicationError(f"split by month but not published: {', '.join(strangers)}")


def _check_link(home: Home, release_id: str) -> None:
    link = home.published
    if link.exists() and not link.is_symlink():
        raise PublicationError(
            f"{link} is a real {'folder' if link.is_dir() else 'file'}, not a link to a release: "
            "move it away, then publish again"
        )
    if _is_published(home, release_id):
        raise PublicationError(f"release {release_id} is published already")


def _published_name(home: Home) -> str | None:
    """Return the name of the release that readers see; null before the first."""
    return Path(os.readlink(home.published)).name if home.published.is_symlink() else None


def _is_published(home: Home, release_id: str) -> bool:
    return _published_name(home) == release_id and (home.releases / release_id).is_dir()


def _write(
    warehouse: Path,
    schema: str,
    tables: Sequence[str],
    partitioned: Mapping[str, str],
    order_by: Mapping[str, Sequence[str]],
    folder: Path,
) -> dict[str, int]:
    """Write the DuckDB file and the Parquet files of a release; return the rows of each table."""
    spill = folder / ".spill"
    rows = {}
    with _both(warehouse, folder / DATABASE, spill) as connection:
        _check_tables(connection, schema, tables)
        connection.execute(f"CREATE SCHEMA release.{SCHEMA}")
        for table in tables:
            target = f"release.{SCHEMA}.{_name(table)}"
            source = f"warehouse.{_name(schema)}.{_name(table)}"
            columns = ", ".join(_name(column) for column in order_by.get(table, ()))
            order = f" ORDER BY {columns}" if columns else ""
            connection.execute(f"CREATE TABLE {target} AS FROM {source}{order}")
            rows[table] = _number(connection, f"SELECT count(*) FROM {target}")
            _copy_comments(connection, schema, table)
        connection.execute("CHECKPOINT release")
        for table in tables:
            _write_parquet(connection, table, partitioned.get(table), folder / PARQUET / table)
        connection.execute("DETACH release")
    shutil.rmtree(spill, ignore_errors=True)
    left = sorted(path.name for path in folder.iterdir() if path.name not in (DATABASE, PARQUET))
    if left:
        raise PublicationError(f"the release is not closed: {', '.join(left)} left in {folder}")
    return rows


@contextmanager
def _both(warehouse: Path, release: Path, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to both files, as the databases ``warehouse`` (read only) and ``release``."""
    with duckdb.connect(
        config={
            "memory_limit": _MEMORY_LIMIT,
            "temp_directory": str(spill),
            "preserve_insertion_order": True,
        }
    ) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"ATTACH {_text(warehouse)} AS warehouse (READ_ONLY)")
        connection.execute(
            f"ATTACH {_text(release)} AS release (STORAGE_VERSION '{_STORAGE_VERSION}')"
        )
        yield connection


def _check_tables(
    connection: duckdb.DuckDBPyConnection, schema: str, tables: Sequence[str]
) -> None:
    found = connection.execute(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_catalog = 'warehouse' AND table_schema = ?",
        [schema],
    ).fetchall()
    if missing := sorted(set(tables) - {name for (name,) in found}):
        raise PublicationError(f"schema {schema} of the warehouse lacks {', '.join(missing)}")


def _copy_comments(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """Carry over the comments of a table or view and of its columns."""
    target = f"{SCHEMA}.{_name(table)}"
    place = [schema, table]
    comments = connection.execute(
        """
        SELECT 'TABLE', NULL, comment FROM duckdb_tables()
        WHERE database_name = 'warehouse' AND schema_name = $1 AND table_name = $2
        UNION ALL
        SELECT 'TABLE', NULL, comment FROM duckdb_views()
        WHERE database_name = 'warehouse' AND schema_name = $1 AND view_name = $2
        UNION ALL
        SELECT 'COLUMN', column_name, comment FROM duckdb_columns()
        WHERE database_name = 'warehouse' AND schema_name = $1 AND table_name = $2
        """,
        place,
    ).fetchall()
    connection.execute("USE release")
    for kind, column, comment in comments:
        if comment is not None:
            what = target if column is None else f"{target}.{_name(column)}"
            connection.execute(f"COMMENT ON {kind} {what} IS {_text(comment)}")
    connection.execute("USE memory")


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, table: str, month_of: str | None, folder: Path
) -> None:
    """Write a table of the release as Parquet, split by the month of a column if one is named."""
    folder.mkdir(parents=True)
    source = f"release.{SCHEMA}.{_name(table)}"
    files = {table: "true"}
    if month_of is not None:
        files = _months(connection, table, month_of) or files
    for stem, condition in files.items():
        target = _text(folder / f"{stem}.parquet")
        connection.execute(
            f"COPY (FROM {source} WHERE {condition}) TO {target} (FORMAT parquet, COMPRESSION zstd)"
        )


def _months(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, str]:
    """Return the stem of every month's file and the condition that selects its rows.

    The conditions are ranges of the column itself, so that DuckDB skips the row groups of other
    months by their minima and maxima: 132 months of 10 million rows in order of the day took 4.4 s,
    a copy partitioned by an expression 10.5 s with twice the memory; out of order 11.0 and 9.3 s.
    """
    source = f"release.{SCHEMA}.{_name(table)}"
    kind = connection.execute(
        "SELECT data_type FROM duckdb_columns() WHERE database_name = 'release' "
        "AND table_name = ? AND column_name = ?",
        [table, column],
    ).fetchone()
    if kind != ("DATE",):
        raise PublicationError(f"{table} can't be split by month: {column} is not a DATE column")
    months: list[date | None] = [
        month
        for (month,) in connection.execute(
            f"SELECT DISTINCT date_trunc('month', {_name(column)})::DATE AS month FROM {source} "
            "ORDER BY month NULLS LAST"
        ).fetchall()
    ]
    files = {}
    for month in months:
        if month is None:
            files["undated"] = f"{_name(column)} IS NULL"
        else:
            following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            files[month.isoformat()[:7]] = (
                f"{_name(column)} >= DATE '{month}' AND {_name(column)} < DATE '{following}'"
            )
    return files


def _swap(home: Home, release_id: str) -> None:
    """Point ``published`` to a release, in one step for whoever follows it."""
    link = home.root / f"{_LINK}{release_id}"
    # Relative, so that the home folder may be moved or mounted elsewhere.
    link.symlink_to(Path(home.releases.name) / release_id, target_is_directory=True)
    link.replace(home.published)
    _sync(home.root)


def _sweep(home: Home) -> None:
    """Remove what killed publications left behind."""
    for folder in home.releases.iterdir():
        if folder.name.startswith(".") and folder.name.endswith((_BUILDING, _REMOVING)):
            shutil.rmtree(folder)
    for link in home.root.glob(f"{_LINK}*"):
        if link.is_symlink():
            link.unlink()


def _prune(home: Home, published: str, previous: str | None) -> None:
    """Keep the published release, the one before it and the latest others: three in all."""
    others = [
        path
        for path in home.releases.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name != published
    ]
    # The one before need not be the latest: the link may have been set back by hand.
    others.sort(
        key=lambda path: (path.name == previous, path.stat().st_mtime_ns, path.name), reverse=True
    )
    for path in others[KEPT_RELEASES - 1 :]:
        _remove(path)


def _remove(release: Path) -> None:
    """Remove a release; killed halfway, it doesn't look like one."""
    doomed = release.with_name(f".{release.name}{_REMOVING}")
    release.rename(doomed)
    shutil.rmtree(doomed)


def _sync_tree(folder: Path) -> int:
    """Force all files and folders under ``folder`` to disk; return the bytes of the files."""
    size = 0
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            size += (Path(parent) / name).stat().st_size
            _sync(Path(parent) / name)
        _sync(Path(parent))
    return size


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
