"""Splitting CSV: where records start and end, and which of them can't be read.

The grammar is RFC 4180 with the tolerance that exports need: any of four delimiters, ``\\n`` or
``\\r\\n``, spaces around a quoted cell, a quote inside a cell that doesn't start with one. After
a broken record reading goes on with the next physical line, so that one stray quote costs one row.
Values are not looked at here.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from orchestration.sources.files.split import SplitFile, UnreadableFile, readable

DELIMITERS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"
_END = rb"(?:\r?\n|\Z)"
_RUN = 20_000  # records a match: some MB, however large the file
_REPORT_BYTES = 1 << 27


@dataclass(frozen=True)
class _Grammar:
    """The patterns of records with ``width`` cells. Possessive, so that no input backtracks."""

    delimiter: bytes
    width: int

    @property
    def _comma(self) -> bytes:
        return re.escape(self.delimiter)

    def _cell(self, multiline: bool, returns: bool = False) -> bytes:
        inside = rb'[^"]' if multiline else rb'[^"\r\n]'
        bare = rb"(?:[^" + self._comma + rb"\r\n]" + (rb"|\r(?!\n)" if returns else rb"") + rb")"
        quoted = rb' *+"' + inside + rb'*+(?:""' + inside + rb'*+)*+" *+'
        # An empty line is no record, so a single cell needs a character.
        some = b"++" if self.width == 1 else b"*+"
        return rb"(?>" + quoted + rb'|(?! *+")' + bare + some + rb")"

    def _record(self, cell: bytes, end: bytes) -> bytes:
        return rb"(?:%b%b){%d}%b%b" % (cell, self._comma, self.width - 1, cell, end)

    @cached_property
    def run(self) -> re.Pattern[bytes]:
        """Good records of one line each."""
        return re.compile(b"(?:%b){1,%d}+" % (self._record(self._cell(False), rb"\r?\n"), _RUN))

    @cached_property
    def record(self) -> re.Pattern[bytes]:
        """One good record."""
        return re.compile(self._record(self._cell(True), _END))

    @cached_property
    def record_with_returns(self) -> re.Pattern[bytes]:
        """One record with a bare carriage return outside quotes."""
        return re.compile(self._record(self._cell(True, True), _END))

    @cached_property
    def any_record(self) -> re.Pattern[bytes]:
        """One well-formed record of any width."""
        cell = self._cell(True, True)
        return re.compile(cell + rb"(?:" + self._comma + cell + rb")*+" + _END)

    @cached_property
    def leading_cells(self) -> re.Pattern[bytes]:
        """The cells of a broken record that are still in order."""
        return re.compile(rb"(?:" + self._cell(True, True) + self._comma + rb")*+")

    @cached_property
    def one_cell(self) -> re.Pattern[bytes]:
        """One cell at the start of a record or after a delimiter."""
        return re.compile(self._cell(True, True))

    def cells(self, record: bytes) -> list[bytes]:
        """Return the cells of a well-formed record without its line end, quotes included."""
        cells: list[bytes] = []
        position = 0
        while True:
            match = self.one_cell.match(record, position)
            end = match.end() if match else position
            cells.append(record[position:end])
            if end >= len(record):
                return cells
            position = end + 1


def split_csv(
    path: Path,
    out: SplitFile,
    delimiter: str | None,
    progress: Callable[[str], None] = lambda message: None,
) -> None:
    """Split the file at ``path`` (UTF-8) into ``out``, and set its header and delimiter.

    ``delimiter=None`` takes the one that cuts the header line into most cells. A file of no bytes
    has no header: ``out.header`` stays empty. Raises ``UnreadableFile`` for a broken header.
    """
    if path.stat().st_size == 0:
        return
    with (
        path.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view,
    ):
        out.ends_with_newline = view[-1:] == b"\n"
        _Splitter(view, out, delimiter, progress).split()


class _Splitter:
    def __init__(
        self,
        view: mmap.mmap,
        out: SplitFile,
        delimiter: str | None,
        progress: Callable[[str], None],
    ) -> None:
        self.view = view
        self.out = out
        self.position = len(_BOM) if view[: len(_BOM)] == _BOM else 0
        self.line = 1
        self.delimiter = delimiter
        self.progress = progress
        self.grammar = _Grammar(b",", 1)

    def split(self) -> None:
        if not self._read_header():
            return
        size = len(self.view)
        reported = 0
        while self.position < size:
            match = self.grammar.run.match(self.view, self.position)
            if match:
                self._add_run(match.group())
                self.position = match.end()
            else:
                self._add_odd_record()
            if self.position - reported >= _REPORT_BYTES:
                reported = self.position
                self.progress(f"{self.out.rows:,} rows, {100 * reported // size} % of the file")

    def _read_header(self) -> bool:
        self._skip_empty_lines()
        hint = re.compile(rb"sep=(.)\r?\n", re.IGNORECASE).match(self.view, self.position)
        if hint:  # the first line that spreadsheets write to name the delimiter
            self.delimiter = self.delimiter or hint.group(1).decode("latin-1")
            self._advance(hint.end())
            self._skip_empty_lines()
        if self.position >= len(self.view):
            return False
        candidates = (self.delimiter,) if self.delimiter else DELIMITERS
        best: list[bytes] = []
        for candidate in candidates:
            grammar = _Grammar(candidate.encode(), 2)
            match = grammar.any_record.match(self.view, self.position)
            cells = grammar.cells(_without_end(match.group())) if match else []
            if match and len(cells) > len(best):
                best, end, self.out.delimiter = cells, match.end(), candidate
        first_line = self.view[self.position : self._next_line()]
        if not best:
            raise UnreadableFile("the header line has an unclosed quote", readable(first_line))
        try:
            self.out.header = _unique(tuple(_value(cell).decode() for cell in best))
        except UnicodeDecodeError:
            raise UnreadableFile(
                'the header line is not valid in this encoding: set encoding = "…"',
                readable(first_line),
            ) from None
        self.grammar = _Grammar(self.out.delimiter.encode(), len(best))
        self._advance(end)
        return True

    def _skip_empty_lines(self) -> None:
        match = re.compile(rb"(?:\r?\n)*").match(self.view, self.position)
        if match:
            self._advance(match.end())

    def _advance(self, end: int) -> None:
        self.line += self.view[self.position : end].count(b"\n")
        self.position = end

    def _next_line(self) -> int:
        found = self.view.find(b"\n", self.position)
        return len(self.view) if found < 0 else found + 1

    def _add_run(self, block: bytes) -> None:
        """Add a run of one-line records, one by one only if a byte of it is not UTF-8."""
        rows = block.count(b"\n")
        plain = block.replace(b"\r\n", b"\n")
        try:
            plain.decode()
        except UnicodeDecodeError:
            for offset, raw in enumerate(plain.split(b"\n")[:-1]):
                self._add_checked(raw, self.line + offset)
        else:
            # No record is longer than its run, so only a long run needs a closer look.
            if len(plain) > self.out.longest:
                self.out.longest = max(self.out.longest, max(map(len, plain.split(b"\n"))) + 1)
            self.out.add_good(plain, rows, self.line)
        self.line += rows

    def _add_checked(self, raw: bytes, line: int, lines: int = 1) -> None:
        try:
            raw.decode()
        except UnicodeDecodeError:
            cells = self.grammar.cells(raw)
            column = next(
                name
                for name, cell in zip(self.out.header, cells, strict=True)
                if not _is_utf8(cell)
            )
            self.out.add_bad(raw, line, "not valid in the file's encoding", column)
        else:
            self.out.add_good(raw + b"\n", 1, line, lines)

    def _add_odd_record(self) -> None:
        """Handle whatever stands where no one-line record ended by a newline does."""
        view, grammar = self.view, self.grammar
        line, next_line = self.line, self._next_line()
        if not view[self.position : next_line].strip(b"\r\n"):
            self._advance(next_line)
            return
        if match := grammar.record.match(view, self.position):
            raw = _without_end(match.group())
            self._advance(match.end())
            self._add_checked(raw, line, max(1, self.line - line))
            return
        if match := grammar.record_with_returns.match(view, self.position):
            cells = grammar.cells(_without_end(match.group()))
            quoted = (b'"' + _value(cell).replace(b'"', b'""') + b'"' for cell in cells)
            self._advance(match.end())
            self._add_checked(grammar.delimiter.join(quoted), line, max(1, self.line - line))
            return
        if match := grammar.any_record.match(view, self.position):
            found = len(grammar.cells(_without_end(match.group())))
            problem = f"{found} cells where the header has {grammar.width}"
            column = self.out.header[found] if found < grammar.width else None
            # A quote left open swallows rows until the next quote: don't lose those.
            swallowed = match.end() > next_line and grammar.record.match(view, next_line)
            end = next_line if swallowed else match.end()
        else:
            problem, column = self._what_is_broken()
            end = next_line
        self.out.add_bad(_without_end(view[self.position : end]), line, problem, column)
        self._advance(end)

    def _what_is_broken(self) -> tuple[str, str | None]:
        """Return problem and column of a record whose quotes don't pair."""
        grammar = self.grammar
        match = grammar.leading_cells.match(self.view, self.position)
        start = match.end() if match else self.position
        before = grammar.cells(self.view[self.position : start])
        index = len(before) - 1
        column = self.out.header[index] if index < grammar.width else None
        if grammar.one_cell.match(self.view, start):
            return "text after the closing quote of a cell", column
        return "a quote is opened and never closed", column


def _without_end(record: bytes) -> bytes:
    if record.endswith(b"\n"):
        return record[:-2] if record.endswith(b"\r\n") else record[:-1]
    return record


def _value(cell: bytes) -> bytes:
    """Return what a cell says, without its quotes."""
    stripped = cell.strip(b" ")
    if stripped.startswith(b'"'):
        return stripped[1:-1].replace(b'""', b'"')
    return cell


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    """Name headers that are empty or repeated: ``column_3``, ``amount_2``."""
    seen: set[str] = set()
    result: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name or f"column_{position}"
        chosen, number = base, 2
        while chosen in seen:
            chosen, number = f"{base}_{number}", number + 1
        seen.add(chosen)
        result.append(chosen)
    return tuple(result)
