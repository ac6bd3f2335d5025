"""Splitting JSON lines: one record a line, kept byte for byte.

Only line borders and the text encoding are judged here; whether a line is a JSON object, the
engine says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestration.sources.files.split import SplitFile

_BLOCK = 1 << 23
# Valid JSON holds no bare control character, so this one can part columns that never come.
SEPARATOR = "\x1f"
_NOT_IN_A_LINE = (b"\r", SEPARATOR.encode())


def split_json_lines(path: Path, out: SplitFile) -> None:
    """Split the file at ``path`` (UTF-8) into ``out``. Empty lines are no records."""
    line = 1
    for block in _whole_lines(path, out):
        lines = block.count(b"\n")
        if _is_plain(block):
            out.add_good(block, lines, line)
            out.longest = max(out.longest, max(map(len, block.split(b"\n"))) + 1)
        else:
            for offset, raw in enumerate(block.split(b"\n")[:-1]):
                _add_line(raw.removesuffix(b"\r"), line + offset, out)
        line += lines


def _whole_lines(path: Path, out: SplitFile) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as stream:
        first = stream.read(_BLOCK).removeprefix(b"\xef\xbb\xbf")
        block = first
        while block:
            block = rest + block
            cut = block.rfind(b"\n") + 1
            if cut:
                yield block[:cut]
            rest = block[cut:]
            block = stream.read(_BLOCK)
    if rest:
        out.ends_with_newline = False
        yield rest + b"\n"


def _is_plain(block: bytes) -> bool:
    if b"\n\n" in block or block.startswith(b"\n"):
        return False
    if any(character in block for character in _NOT_IN_A_LINE):
        return False
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _add_line(raw: bytes, line: int, out: SplitFile) -> None:
    if not raw.strip():
        return
    if any(character in raw for character in _NOT_IN_A_LINE):
        out.add_bad(raw, line, "a control character inside the line")
        return
    try:
        raw.decode()
    except UnicodeDecodeError:
        out.add_bad(raw, line, "not valid in the file's encoding")
        return
    out.add_good(raw + b"\n", 1, line)
