"""Publish one night: make a release's folder and swap the link that readers follow to it.

Here belong the folder, the swap and what is kept. What is in the files stands in ``release_files``;
which tables are published, and whether they are good enough, is decided before. The caller holds
the night's lock, so one publication runs at a time.

A release is complete and on disk before its folder gets its name, and the link moves to it in one
step; a process killed at any point leaves the link on a complete release.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.home import Home
from orchestration.publication.release_files import DATABASE, Former, PublicationError, write_files

KEPT_RELEASES = 3

_BUILDING = ".building"
_REMOVING = ".removing"
_LINK = ".published."
_RELEASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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
    first_days: Mapping[str, date] | None = None,
    companion: Callable[[Path], object] | None = None,
) -> Release:
    """Publish ``tables`` of ``schema`` in the DuckDB file ``warehouse`` as ``release_id``.

    Writes ``releases/<release_id>/funnel.duckdb`` (schema ``marts``: the same rows in the same
    order, with the comments, without constraints) and ``parquet/<table>/``: one file
    ``<table>.parquet``, or, for a table that ``partitioned`` maps to a ``DATE`` column, one file
    ``<yyyy-mm>.parquet`` for each month (``undated.parquet`` for null). ``first_days`` maps tables
    of ``partitioned`` that are in the order of that column to the first day from which on they
    may differ from the published release: of what lies before, that release's rows and files are
    taken. Then ``published`` is swapped, and all but the last three releases are removed.

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

    previous = published_release(home)
    building = home.releases / f".{release_id}{_BUILDING}"
    final = home.releases / release_id
    if final.exists():
        # Complete but never swapped in, or replaced since: nobody is led to it.
        _remove(final)
    building.mkdir()
    try:
        former = None
        if first_days and previous and (home.releases / previous / DATABASE).is_file():
            former = Former(home.releases / previous, first_days)
        rows = write_files(warehouse, schema, tables, months_of, building, former)
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


def published_release(home: Home) -> str | None:
    """Return the name of the release that readers see; null before the first."""
    return Path(os.readlink(home.published)).name if home.published.is_symlink() else None


def _is_published(home: Home, release_id: str) -> bool:
    return published_release(home) == release_id and (home.releases / release_id).is_dir()


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
