"""Files of the generated company: one CSV or Parquet file a table, written in parts.

What the tables hold is no subject of this module.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "parquet")
# What the `files` source would read beside, or instead of, the file written here.
RIVALS = ("{}.csv", "{}.parquet", "{}.jsonl", "{}")


class TableFiles:
    """The files of one company; they appear in the folder together, when all are complete.

    Raises ``FileExistsError`` on writing a table that lies there in another format.
    """

    def __init__(self, folder: Path, fmt: Format) -> None:
        """Make the folder; no file is written yet."""
        self.folder, self.fmt = folder, fmt
        self.counts: dict[str, int] = {}
        self._writers: dict[str, pa_csv.CSVWriter | pa_parquet.ParquetWriter] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return where the table stands in the end."""
        return self.folder / f"{name}.{self.fmt}"

    def append(self, name: str, table: pa.Table) -> None:
        """Add rows to a table; the first rows decide its columns."""
        if name not in self._writers:
            self._refuse_rivals(name)
            self._writers[name] = self._writer(name, table.schema)
            self.counts[name] = 0
        self._writers[name].write_table(table)
        self.counts[name] += len(table)

    def __enter__(self) -> TableFiles:
        """Return these files."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the finished files into place, or remove the parts after an error."""
        for writer in self._writers.values():
            writer.close()
        for name in self._writers:
            if kind is None:
                os.replace(self._part(name), self.path(name))
            else:
                self._part(name).unlink(missing_ok=True)

    def _part(self, name: str) -> Path:
        return self.folder / f".{name}.{self.fmt}.part"

    def _refuse_rivals(self, name: str) -> None:
        for pattern in RIVALS:
            rival = self.folder / pattern.format(name)
            if rival != self.path(name) and rival.exists():
                raise FileExistsError(
                    f"{rival} holds the table {name} already: remove it to write {self.path(name)}"
                )

    def _writer(self, name: str, schema: pa.Schema) -> pa_csv.CSVWriter | pa_parquet.ParquetWriter:
        if self.fmt == "parquet":
            return pa_parquet.ParquetWriter(self._part(name), schema, compression="zstd")
        # No value of a generated company holds a comma, a quote or a line break; should one ever,
        # the writer refuses it.
        options = pa_csv.WriteOptions(quoting_style="none", batch_size=65_536)
        return pa_csv.CSVWriter(self._part(name), schema, write_options=options)
