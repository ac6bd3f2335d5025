"""What a table shows of itself in the orchestrator: rows, columns, a few lines."""

from __future__ import annotations

from typing import Any

import dagster as dg
import duckdb

PREVIEW_ROWS = 8
# Names of people stay out of the orchestrator's event log.
PRIVATE = {"name", "payload", "quarantined_payload", "row_json"}


def table_metadata(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str
) -> dict[str, Any]:
    """Return row count, column schema and, for facts and marts, a small preview."""
    relation = f'"{schema}"."{table}"'
    counted = connection.execute(f"select count(*) from {relation}").fetchone()
    columns = connection.execute(f"describe {relation}").fetchall()
    metadata: dict[str, Any] = {
        "dagster/row_count": counted[0] if counted else 0,
        "dagster/column_schema": dg.TableSchema(
            [dg.TableColumn(name=str(row[0]), type=str(row[1])) for row in columns]
        ),
    }
    if schema == "marts":
        shown = [str(row[0]) for row in columns if str(row[0]) not in PRIVATE]
        metadata["preview"] = dg.MetadataValue.md(_markdown(connection, relation, shown))
    return metadata


def _markdown(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    rows = connection.execute(f"select {names} from {relation} limit {PREVIEW_ROWS}").fetchall()
    if not rows:
        return "No rows."
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")[:60]
