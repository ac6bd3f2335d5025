"""Files that are whole or not there, even after a power cut.

Only the mechanics of writing and checking single files belong here; what they mean does not.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_BLOCK = 1 << 20


def sync_folder(folder: Path) -> None:
    """Make the names inside a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(folder: Path) -> None:
    """Create a folder and its parents, and make each new name durable."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Make the bytes of a finished file durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def move_durably(temporary: Path, final: Path) -> None:
    """Give a finished file its final name in the same folder; both survive a power cut."""
    sync_file(temporary)
    temporary.replace(final)
    sync_folder(final.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Write a small file under a hidden name, then move it into place."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    move_durably(temporary, path)


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
