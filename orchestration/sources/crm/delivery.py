"""What one object's extraction received, as rows of the working database.

Here belong batching, record ids, and how far a delivery can be believed when it ends early.
Comparing with what landed before is ``orchestration.sources.compare``'s.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.landing.envelope import quote_literal, quote_name
from orchestration.sources.crm.records import text_at
from orchestration.sources.working import create_delivered

_BATCH = 20_000
_LONGEST_LINE = 16_000_000


class Delivery:
    """Takes records as the vendor sent them. ``mask`` takes secrets out before anything lands."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, mask: Callable[[bytes], bytes]
    ) -> None:
        create_delivered(connection)
        connection.execute("CREATE TABLE present (id VARCHAR)")
        self.rows = 0
        self.is_whole = False
        self._connection = connection
        self._mask = mask
        self._batch: list[tuple[str, str, int, str | None]] = []
        self._checkpoint: tuple[int, str] | None = None
        self._version = "payload"

    @property
    def kept(self) -> Any:
        """What the last checkpoint said; null before the first."""
        return None if self._checkpoint is None else json.loads(self._checkpoint[1])

    def versions_by(self, expression: str) -> None:
        """Say by what two versions of a record are the same, if not by their text.

        ``expression`` is SQL over ``payload`` and ``line``; it is not used on a record that is no
        JSON. For what a vendor spells in several ways, or tells by a record's place.
        """
        self._version = expression

    def add(
        self,
        records: Iterable[bytes],
        origin: str,
        key: Sequence[str] | Callable[[bytes], str | None] = ("id",),
    ) -> int:
        """Add records, each one JSON object; return how many.

        ``origin`` is shown as the file of a record that has to be set aside; its line is its place
        in this call. ``key`` leads to the id, or makes it from the record's bytes.
        """
        count = 0
        for record in records:
            count += 1
            payload = self._mask(record)
            id_ = _id_of(payload, key)
            self._batch.append((id_ or "", origin, count, payload.decode("utf-8", "replace")))
            if len(self._batch) >= _BATCH:
                self._flush()
        return count

    def add_csv(self, path: Path, origin: str, key: str, *, expected: int | None = None) -> int:
        """Add the rows of a CSV file with a header, as JSON objects of its cells; return how many.

        Comma, double quotes, LF; an empty cell is null. ``key`` names the column of the id.
        Raises ``ValueError``, and adds nothing, for a file that can't be read or has another
        number of rows than ``expected``.
        """
        self._flush()
        scan = (
            f"read_csv({quote_literal(str(path))}, header=true, all_varchar=true, delim=',',"
            " quote='\"', escape='\"', new_line='\\n', nullstr='', allow_quoted_nulls=true,"
            f" auto_detect=false, strict_mode=true, max_line_size={_LONGEST_LINE}, {{columns}})"
        )
        with path.open("rb") as file:
            header = file.readline().decode("utf-8").rstrip("\r\n")
        if not header:
            return 0
        names = next(csv.reader([header]))
        columns = ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in names)
        scan = scan.replace("{columns}", f"columns={{{columns}}}")
        try:
            self._connection.execute(
                "INSERT INTO delivered"
                f" SELECT $1 + line, $2, line, id, md5_number_lower({self._version}), payload,"
                " NULL, NULL FROM"
                f" (SELECT row_number() OVER () AS line, {quote_name(key)} AS id,"
                f" to_json(cells)::VARCHAR AS payload FROM {scan} AS cells)",
                [self.rows, origin],
            )
        except duckdb.InvalidInputException as error:
            raise ValueError(f"{origin} is no whole CSV file: {type(error).__name__}") from None
        added = self._count() - self.rows
        if expected is not None and added != expected:
            self._connection.execute("DELETE FROM delivered WHERE ordinal > $1", [self.rows])
            raise ValueError(f"{origin} has {added:,} rows and not {expected:,}")
        self.rows += added
        return added

    def present(self, ids: Iterable[str]) -> None:
        """Say which records exist without delivering them (see ``CrmObject.sweeps``)."""
        named = pa.table({"id": pa.array(list(ids), pa.string())})
        self._connection.register("named", named)
        self._connection.execute("INSERT INTO present SELECT id FROM named")
        self._connection.unregister("named")

    def holds_everything(self) -> None:
        """Say that this delivery of changes names every record that exists, as one that
        ``sweeps`` always does: what it lacks counts as deleted."""
        self.is_whole = True

    def checkpoint(self, resume: Any) -> None:
        """Say that all that was added so far is whole, and how to carry on after it.

        ``resume`` is anything that JSON can hold. Without a checkpoint a delivery that ends early
        lands nothing.
        """
        self._flush()
        self._checkpoint = (self.rows, json.dumps(resume, sort_keys=True))

    def close(self, *, is_complete: bool) -> str | None:
        """Take in the last rows; return where to carry on, if the delivery ended early.

        Of an incomplete delivery only what lies before its last checkpoint is kept. Raises
        ``LookupError`` for one without a checkpoint.
        """
        self._flush()
        if is_complete:
            return None
        if self._checkpoint is None:
            raise LookupError("nothing of an incomplete delivery can be kept")
        rows, resume = self._checkpoint
        self._connection.execute("DELETE FROM delivered WHERE ordinal > $1", [rows])
        self.rows = rows
        return resume

    def _flush(self) -> None:
        if not self._batch:
            return
        ids, origins, places, payloads = zip(*self._batch, strict=True)
        batch = pa.table(
            {
                "ordinal": pa.array(range(self.rows + 1, self.rows + len(ids) + 1), pa.int64()),
                "file": pa.array(origins, pa.string()),
                "line": pa.array(places, pa.int64()),
                "id": pa.array(ids, pa.string()),
                "payload": pa.array(payloads, pa.string()),
            }
        )
        self._connection.register("batch", batch)
        self._connection.execute(
            "INSERT INTO delivered SELECT ordinal, file, line,"
            " CASE WHEN problem IS NULL THEN id ELSE '!' || md5(payload) END,"
            f" md5_number_lower(CASE WHEN problem IS NULL THEN {self._version} ELSE payload END),"
            " payload, problem, CASE WHEN problem IS NOT NULL THEN 'id' END FROM"
            " (SELECT *, CASE WHEN NOT json_valid(payload) THEN 'the record is not valid JSON'"
            " WHEN id = '' THEN 'the record has no id' END AS problem FROM batch)"
        )
        self.rows += len(ids)
        self._batch.clear()
        self._connection.unregister("batch")

    def _count(self) -> int:
        row = self._connection.execute("SELECT coalesce(max(ordinal), 0) FROM delivered").fetchone()
        return int(row[0]) if row else 0


def _id_of(payload: bytes, key: Sequence[str] | Callable[[bytes], str | None]) -> str | None:
    try:
        return key(payload) if callable(key) else text_at(payload, key)
    except ValueError:
        return None  # no JSON: the row says so itself
