"""What a text file is split into before the engine parses it: good rows, and the rest.

A splitter walks over the bytes once and finds where records start, so that every row keeps its
exact physical line and every unreadable one its text and reason. Its output belongs here; the
grammars of CSV and JSON lines have files of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType


class UnreadableFile(Exception):
    """No row of the file can be read. ``text`` is what it starts with."""

    def __init__(self, problem: str, text: str = "", column: str | None = None) -> None:
        """Keep the reason, the text to show for it and the column it is about."""
        super().__init__(problem)
        self.problem = problem
        self.text = text
        self.column = column


# What is kept of a broken row's text: a file that is no text at all has lines of any length.
_LONGEST_TEXT = 1_000_000


def readable(raw: bytes) -> str:
    """Return bytes (at most a million) as text, invalid ones as ``\\xNN``."""
    return raw[:_LONGEST_TEXT].decode("utf-8", "backslashreplace")


@dataclass
class SplitFile:
    """The three files that a splitter writes into ``folder``.

    ``good``: rows that parse, each ended by ``\\n``. ``segments``: CSV of stretches of good rows
    whose lines and ordinals are consecutive (first row, rows, first line, first ordinal; all
    1-based). ``bad``: JSON lines with ordinal, line, text, problem, problem_column.
    """

    folder: Path
    header: tuple[str, ...] = ()
    delimiter: str = ","
    good_rows: int = 0
    segments: int = 0
    bad_rows: int = 0
    longest: int = 0
    ends_with_newline: bool = True
    _segment: list[int] = field(default_factory=list)

    @property
    def good_path(self) -> Path:
        """File of the rows that parse."""
        return self.folder / "good"

    @property
    def segments_path(self) -> Path:
        """File of the segments."""
        return self.folder / "segments.csv"

    @property
    def bad_path(self) -> Path:
        """File of the rows that don't."""
        return self.folder / "bad.jsonl"

    @property
    def rows(self) -> int:
        """Records seen so far, good and bad."""
        return self.good_rows + self.bad_rows

    def __enter__(self) -> SplitFile:
        """Open the files."""
        self._good = self.good_path.open("wb")
        self._segments = self.segments_path.open("w", encoding="ascii")
        self._bad = self.bad_path.open("w", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the last segment and close the files."""
        self._end_segment()
        for stream in (self._good, self._segments, self._bad):
            stream.close()

    def add_good(self, block: bytes, rows: int, line: int, lines_each: int = 1) -> None:
        """Add ``rows`` records that end in ``\\n``, the first of them at ``line``.

        Several records at once have one line each.
        """
        ordinal = self.rows + 1
        current = self._segment
        follows = current and line == current[2] + current[1] and ordinal == current[3] + current[1]
        if follows:
            current[1] += rows
        else:
            self._end_segment()
            self._segment = [self.good_rows + 1, rows, line, ordinal]
        if lines_each > 1:
            self._end_segment()
        self._good.write(block)
        self.good_rows += rows
        if rows == 1:
            self.longest = max(self.longest, len(block))

    def add_bad(self, raw: bytes, line: int, problem: str, column: str | None = None) -> None:
        """Add a record that can't be read."""
        record = {
            "ordinal": self.rows + 1,
            "line": line,
            "text": readable(raw),
            "problem": problem,
            "problem_column": column,
        }
        self._bad.write(json.dumps(record, ensure_ascii=False) + "\n")
        self.bad_rows += 1

    def _end_segment(self) -> None:
        if self._segment:
            self._segments.write(",".join(map(str, self._segment)) + "\n")
            self.segments += 1
            self._segment = []
