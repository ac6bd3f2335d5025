"""Which files of a folder are a table's delivery, and whether they changed.

Finding, hashing and copying delivered files belong here; reading their rows does not.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.landing import InputFile
from orchestration.landing.durable import sha256_of
from orchestration.sources.files.shapes import FilesSource, default_of
from orchestration.sources.files.tables import TABLES

ENDINGS = (".csv", ".parquet", ".jsonl")
_BLOCK = 1 << 22
# Goes into the settings' hash: raise it when the same bytes would land as other rows.
_READER_VERSION = 1


class DeliveryError(Exception):
    """The folder leaves open what to read; the message says what to do."""


@dataclass(frozen=True)
class Delivery:
    """The files of one table, in the order in which they are read."""

    folder: Path
    files: tuple[Path, ...]

    def name(self, path: Path) -> str:
        """Return a file's name relative to the source's folder."""
        return path.relative_to(self.folder).as_posix()

    def inputs(self) -> tuple[InputFile, ...]:
        """Return size, time and checksum of every file."""
        return tuple(
            InputFile(
                file=self.name(path),
                bytes=(status := path.stat()).st_size,
                mtime_ns=status.st_mtime_ns,
                sha256=sha256_of(path),
            )
            for path in self.files
        )


def discover(source: FilesSource, table: str) -> Delivery:
    """Find a table's file, or its folder of parts. No file at all is an empty delivery.

    Raises ``DeliveryError`` if the source's folder is missing or two places hold the table.
    """
    folder = Path(source.path)
    if not folder.is_dir():
        raise DeliveryError(f"the folder {folder} of source '{source.name}' does not exist")
    settings = source.tables.get(table)
    if settings is not None and settings.file:
        places = [folder / settings.file]
    else:
        places = [folder / f"{table}{ending}" for ending in ENDINGS] + [folder / table]
    found = [place for place in places if place.exists()]
    if len(found) > 1:
        names = ", ".join(place.name for place in found)
        raise DeliveryError(
            f"{names} all hold '{table}': keep one, or name it in "
            f'[sources.tables.{table}] file = "…"'
        )
    files: list[Path] = []
    for place in found:
        files += _parts(place) if place.is_dir() else [place]
    return Delivery(folder, tuple(files))


def _parts(folder: Path) -> list[Path]:
    return sorted(
        (
            path
            for path in folder.iterdir()
            if path.is_file() and path.suffix.lower() in ENDINGS and path.name[0] not in "._"
        ),
        key=lambda path: path.name,
    )


def delivered_but_unmapped(source: FilesSource) -> list[str]:
    """Return the files of the source's folder that no table uses, relative to it."""
    folder = Path(source.path)
    if not folder.is_dir():
        return []
    used: set[Path] = set()
    for table in TABLES:
        try:
            used.update(discover(source, table).files)
        except DeliveryError:
            # Named by the extraction itself; here both places count as the table's.
            used.update(folder / f"{table}{ending}" for ending in ENDINGS)
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path not in used and path.name[0] not in "._"
    )


def settings_hash(source: FilesSource, table: str) -> str:
    """Return a hash of every setting that changes which rows the same bytes give."""
    settings = source.tables.get(table)
    spec = TABLES[table]
    chosen = {
        "version": _READER_VERSION,
        "mode": source.mode,
        "columns": dict(sorted(settings.columns.items())) if settings else {},
        "defaults": {column: default_of(source, table, column) for column in spec.key},
        "encoding": settings.encoding if settings else None,
        "delimiter": settings.delimiter if settings else None,
    }
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def copy_checked(path: Path, copy: Path, expected: InputFile) -> None:
    """Copy a delivered file, so that what is parsed is what was hashed.

    Raises ``DeliveryError`` if it changed since ``expected`` was taken.
    """
    digest = hashlib.sha256()
    with path.open("rb") as read, copy.open("wb") as write:
        while block := read.read(_BLOCK):
            digest.update(block)
            write.write(block)
    if digest.hexdigest() != expected.sha256:
        raise DeliveryError(
            f"{expected.file} changed while it was read: the next run reads it again"
        )


def encoding_of(copy: Path, setting: str | None) -> str:
    """Return the encoding to read a text file in. Raises ``DeliveryError`` for an unknown one."""
    try:
        encoding = codecs.lookup(setting or "utf-8").name
    except LookupError:
        raise DeliveryError(f"encoding = {setting!r} is not known to Python") from None
    if encoding == "utf-8":
        # Spreadsheets' "Unicode text" is UTF-16, whose mark no UTF-8 file can start with.
        with copy.open("rb") as stream:
            if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                return "utf-16"
    return encoding


def to_plain_utf8(copy: Path, encoding: str) -> None:
    """Rewrite a copied text file in UTF-8 with ``\\n`` or ``\\r\\n`` at the end of lines.

    A byte that the encoding doesn't know is kept as it is, which makes its row invalid UTF-8 and
    so a row with a problem. Raises ``UnicodeError`` where even that is impossible.
    """
    if encoding not in ("utf-8", "utf-8-sig", "ascii"):
        decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")

        def decode(block: bytes) -> bytes:
            return decoder.decode(block, not block).encode("utf-8", "surrogateescape")

        _rewrite(copy, decode)
    if _has_only_carriage_returns(copy):
        # Line ends of old Macs. A return inside a quoted cell becomes a line feed as well.
        _rewrite(copy, lambda block: block.replace(b"\r", b"\n"))


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    changed = path.with_name(path.name + ".rewritten")
    with path.open("rb") as read, changed.open("wb") as write:
        while True:
            block = read.read(_BLOCK)
            write.write(change(block))
            if not block:
                break
    changed.replace(path)


def _has_only_carriage_returns(path: Path) -> bool:
    returns = False
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if b"\n" in block:
                return False
            returns = returns or b"\r" in block
    return returns
