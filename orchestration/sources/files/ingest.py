"""Delivered files as rows of the envelope, in a working table of the engine.

Each ``ingest_…`` reads one file into ``delivered``; SQL does the work per row. Comparing with what
landed before, and landing, belong to ``extract``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from orchestration.landing.envelope import quote_literal, quote_name
from orchestration.sources.files.delimited import split_csv
from orchestration.sources.files.jsonlines import SEPARATOR, split_json_lines
from orchestration.sources.files.keys import RowKey, json_pointer
from orchestration.sources.files.shapes import FilesSource, default_of, header_of
from orchestration.sources.files.split import SplitFile, UnreadableFile
from orchestration.sources.files.tables import TABLES

_LONGEST_LINE = 2_000_000  # the engine's own default
_ROW = '"§row"'  # a name that no delivered column has


@dataclass(frozen=True)
class Ingest:
    """Reads the files of one table into ``delivered``."""

    connection: duckdb.DuckDBPyConnection
    source: FilesSource
    table: str
    folder: Path
    progress: Callable[[str], None]

    @cached_property
    def _key(self) -> RowKey:
        return RowKey(self.source, self.table)

    def csv(self, path: Path, name: str, first: int, delimiter: str | None) -> SplitFile:
        """Read a CSV file (UTF-8). ``first`` is the ordinal before its first record.

        Raises ``UnreadableFile`` if no row of it can be.
        """

        def progress(message: str) -> None:
            self.progress(f"{name}: {message}")

        with SplitFile(self.folder) as split:
            split_csv(path, split, delimiter, progress)
        if not split.header:
            return split
        self._require_headers(split.header, path)
        names = {header: f"c{index}" for index, header in enumerate(split.header)}
        columns = ", ".join(f"{quote_literal(cell)}: 'VARCHAR'" for cell in names.values())
        scan = (
            f"read_csv({quote_literal(str(split.good_path))}, auto_detect=false, header=false,"
            f" columns={{{columns}}}, delim={quote_literal(split.delimiter)}, quote='\"',"
            f" escape='\"', new_line='\\n', compression='none', encoding='utf-8',"
            f" max_line_size={max(_LONGEST_LINE, split.longest + 64)})"
        )
        rows = (
            f"SELECT {_ROW} AS n, true AS is_object, {_payload_sql(names)} AS payload,"
            f" {self._cells(names)}"
        )
        self._insert_split(split, name, first, scan, rows)
        return split

    def json_lines(self, path: Path, name: str, first: int) -> SplitFile:
        """Read a JSON lines file (UTF-8). ``first`` is the ordinal before its first record."""
        with SplitFile(self.folder) as split:
            split_json_lines(path, split)
        scan = (
            f"read_csv({quote_literal(str(split.good_path))}, auto_detect=false, header=false,"
            f" columns={{'c0': 'VARCHAR'}}, delim='{SEPARATOR}', quote='', escape='',"
            " new_line='\\n', compression='none', encoding='utf-8',"
            f" max_line_size={max(_LONGEST_LINE, split.longest + 64)})"
        )
        pointers = ", ".join(map(json_pointer, self._key.headers))
        rows = (
            "SELECT n, payload, is_object,"
            f" {self._key.values(lambda index, header: f'cells[{index + 1}]')} FROM"
            f" (SELECT *, CASE WHEN is_object THEN payload->>[{pointers}] END AS cells FROM"
            " (SELECT *, CASE WHEN json_valid(payload) THEN json_type(payload) = 'OBJECT'"
            f" ELSE false END AS is_object FROM (SELECT {_ROW} AS n, c0 AS payload"
        )
        self._insert_split(split, name, first, scan, rows, ")))")
        return split

    def parquet(self, path: Path, name: str, first: int) -> int:
        """Read a Parquet file, every value as text. Returns its number of rows.

        Raises ``UnreadableFile`` for a broken file or one without a required column.
        """
        scan = f"read_parquet({quote_literal(str(path))}, hive_partitioning=false)"
        try:
            types = {
                str(row[0]): str(row[1])
                for row in self.connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
            }
            self._require_headers(tuple(types), path)
            names = {header: _as_text(header, kind) for header, kind in types.items()}
            return self._insert(
                f"SELECT {_ROW} + {first} AS ordinal, {_ROW} AS line, true AS is_object,"
                f" {_payload_sql(names)} AS payload, {self._cells(names)}"
                f" FROM (SELECT row_number() OVER () AS {_ROW}, * FROM {scan})",
                name,
            )
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UnreadableFile(
                f"not a whole Parquet file: {reason}", f"{name} {_checksum(path)}"
            ) from error

    def whole_file_problem(self, name: str, ordinal: int, error: UnreadableFile) -> None:
        """Set a whole file aside as one row; it has no line."""
        payload = error.text or name
        self.connection.execute(
            "INSERT INTO delivered SELECT $1, $2, null, '!' || md5($3), md5_number_lower($3), $3,"
            " $4, $5",
            [ordinal, name, payload, error.problem, error.column],
        )

    def _require_headers(self, headers: Sequence[str], path: Path) -> None:
        missing = {
            column: header
            for column in TABLES[self.table].required
            if (header := header_of(self.source, self.table, column)) not in headers
            and default_of(self.source, self.table, column) is None
        }
        if not missing:
            return
        column, header = next(iter(missing.items()))
        wanted = ", ".join(
            f"'{header}'" if header == column else f"'{header}' (for {column})"
            for column, header in missing.items()
        )
        raise UnreadableFile(
            f"expected the header {wanted}, found {', '.join(map(repr, headers))}; map it with "
            f'[sources.tables.{self.table}] columns = {{ {column} = "<its header>" }}',
            ", ".join(headers),
            header,
        )

    def _cells(self, names: dict[str, str]) -> str:
        return self._key.values(lambda index, header: names.get(header))

    def _insert_split(
        self, split: SplitFile, name: str, first: int, scan: str, rows: str, tail: str = ""
    ) -> None:
        """Insert what a splitter wrote: ``rows`` selects from the numbered ``scan``."""
        if split.good_rows:
            line, ordinal, join = self._places(split)
            inserted = self._insert(
                f"SELECT r.*, {line} AS line, {ordinal} + {first} AS ordinal FROM ({rows}"
                f" FROM (SELECT row_number() OVER () AS {_ROW}, * FROM {scan}){tail}) AS r {join}",
                name,
            )
            if inserted != split.good_rows:
                raise duckdb.DataError(
                    f"{name}: {split.good_rows} records found, {inserted} read by the engine"
                )
        if split.bad_rows:
            self.connection.execute(
                "INSERT INTO delivered SELECT ordinal + $1, $2, line, '!' || md5(text),"
                " md5_number_lower(text), text, problem, problem_column"
                f" FROM read_json({quote_literal(str(split.bad_path))},"
                f" format='newline_delimited', columns={{"
                "ordinal: 'BIGINT', line: 'BIGINT', text: 'VARCHAR', problem: 'VARCHAR',"
                " problem_column: 'VARCHAR'})",
                [first, name],
            )

    def _places(self, split: SplitFile) -> tuple[str, str, str]:
        """Return SQL for line and ordinal of the n-th good row, and the join they need."""
        segments = (
            f"read_csv({quote_literal(str(split.segments_path))}, auto_detect=false,"
            " header=false, columns={'first': 'BIGINT', 'rows': 'BIGINT', 'line': 'BIGINT',"
            " 'ordinal': 'BIGINT'}, delim=',')"
        )
        if split.segments == 1:
            place = self.connection.execute(f"SELECT line, ordinal FROM {segments}").fetchone()
            assert place is not None  # a segment was counted
            return f"r.n + {place[0] - 1}", f"r.n + {place[1] - 1}", ""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE places AS SELECT s.first + i AS n, s.line + i AS line,"
            f" s.ordinal + i AS ordinal FROM {segments} AS s, range(0, s.rows) AS t(i)"
        )
        return "places.line", "places.ordinal", "JOIN places ON places.n = r.n"

    def _insert(self, rows: str, name: str) -> int:
        """Insert rows (ordinal, line, payload, is_object, k0 …); return how many there were."""
        key = self._key
        self.connection.execute(
            f"INSERT INTO delivered SELECT ordinal, {quote_literal(name)}, line,"
            " CASE WHEN problem IS NULL THEN id ELSE '!' || md5(payload) END,"
            " md5_number_lower(payload), payload, problem, problem_column FROM (SELECT *,"
            f" {key.id} AS id, CASE WHEN is_object THEN 'missing ' || {key.missing}"
            " ELSE 'not a JSON object' END AS problem,"
            f" CASE WHEN is_object THEN {key.missing_header} END AS problem_column FROM ({rows}))"
        )
        counted = self.connection.execute(
            "SELECT count(*) FROM delivered WHERE file = $1", [name]
        ).fetchone()
        assert counted is not None  # an aggregate without groups has one row
        return int(counted[0])


def _payload_sql(names: dict[str, str]) -> str:
    """Return SQL for the JSON object of a row.

    Headers are sorted: an export that reorders its columns has not changed its records.
    """
    pairs = ", ".join(f"{quote_literal(header)}, {names[header]}" for header in sorted(names))
    return f"json_object({pairs})::VARCHAR"


def _as_text(header: str, kind: str) -> str:
    column = quote_name(header)
    if kind == "VARCHAR":
        return column
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
