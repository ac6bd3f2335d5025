"""Landed rows of a files source as the columns of the contract, all text.

The one place that looks into a payload. Types, order of versions and business rules come later.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestration.landing.envelope import ENVELOPE, quote_literal, quote_name
from orchestration.sources.files.keys import cleaned, json_pointer
from orchestration.sources.files.shapes import FilesSource, default_of, header_of
from orchestration.sources.files.tables import TABLES

# A tombstone is called absent here: `is_deleted` is a column of the contract.
KEPT = {
    column: "is_absent" if column == "is_deleted" else column
    for column in ENVELOPE
    if column != "fingerprint"
}


def staged_columns_sql(source: FilesSource, table: str, files: Sequence[Path]) -> str:
    """Return a SELECT over landed Parquet files, one row per landed version.

    Columns: ``source_name``, ``timezone``, the envelope without its fingerprint (``is_deleted`` as
    ``is_absent``), and one VARCHAR per contract column: the mapped header's text without padding,
    null if empty, the configured default instead of null. Rows with a problem and tombstones have
    null in all of these. Without files it gives no rows, of the same types.
    """
    columns = TABLES[table].columns
    head = (
        f"{quote_literal(source.name)}::VARCHAR AS source_name,"
        f" {quote_literal(source.timezone)}::VARCHAR AS timezone"
    )
    if not files:
        empty = [f"NULL::{ENVELOPE[name]} AS {kept}" for name, kept in KEPT.items()]
        empty += [f"NULL::VARCHAR AS {quote_name(column)}" for column in columns]
        return f"SELECT {head}, {', '.join(empty)} WHERE false"
    pointers = ", ".join(json_pointer(header_of(source, table, column)) for column in columns)
    cells = ", ".join(
        f"CASE WHEN is_readable THEN"
        f" {cleaned(f'cells[{index}]', default_of(source, table, column))}"
        f" END AS {quote_name(column)}"
        for index, column in enumerate(columns, start=1)
    )
    paths = ", ".join(quote_literal(str(path)) for path in files)
    kept = ", ".join(f"{name} AS {name_there}" for name, name_there in KEPT.items())
    # One list extraction parses a payload once: a fifth of the time of one ->> per column.
    return (
        f"SELECT {head}, {kept}, {cells} FROM (SELECT *,"
        f" CASE WHEN is_readable THEN payload->>[{pointers}] END AS cells FROM (SELECT *,"
        " problem IS NULL AND NOT is_deleted AND json_valid(payload) AS is_readable"
        f" FROM read_parquet([{paths}], union_by_name=true, hive_partitioning=false)))"
    )
