"""A table's metadata in the orchestrator: rows, columns, what was found, a few rows."""

from __future__ import annotations

from typing import Any

import dagster as dg
import duckdb

from orchestration.showing import facts, forecast, funnel, pipeline
from orchestration.showing.markdown import split_at, table
from orchestration.showing.views import View

PREVIEW_ROWS = 5
LONGEST_SHOWN = 60
# The orchestrator's page shows shorter texts in place, longer ones only when asked for.
SHOWN_AT_ONCE = 1000
# Who owns what stays out of the orchestrator's event log: keys and teams may carry people's names.
PRIVATE = {
    "name", "owner_key", "manager_key", "team", "account_key", "payload", "quarantined_payload",
    "row_json", "old_value", "new_value", "reason", "reasons",
}  # fmt: skip
VIEWS: dict[str, View] = {
    each.table: each for each in (*facts.VIEWS, *funnel.VIEWS, *pipeline.VIEWS, *forecast.VIEWS)
}


def table_metadata(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> dict[str, Any]:
    """Return row count, column schema and, for facts and marts, what was found and a preview."""
    relation = f'"{schema}"."{name}"'
    counted = connection.execute(f"select count(*) from {relation}").fetchone()
    columns = connection.execute(f"describe {relation}").fetchall()
    names = [str(row[0]) for row in columns]
    metadata: dict[str, Any] = {
        "dagster/row_count": counted[0] if counted else 0,
        "dagster/column_schema": dg.TableSchema(
            [dg.TableColumn(name=str(row[0]), type=str(row[1])) for row in columns]
        ),
    }
    if schema == "marts":
        found = VIEWS.get(name)
        if found is not None and found.needs <= set(names):
            first, rest = split_at(found.draw(connection), SHOWN_AT_ONCE)
            metadata["found"] = dg.MetadataValue.md(first)
            if rest:
                metadata["more"] = dg.MetadataValue.md(rest)
        shown = [column for column in names if column not in PRIVATE]
        metadata["preview"] = dg.MetadataValue.md(_preview(connection, relation, shown))
    return metadata


def _preview(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    rows = connection.execute(f"select {names} from {relation} limit {PREVIEW_ROWS}").fetchall()
    cut = [[None if value is None else str(value)[:LONGEST_SHOWN] for value in row] for row in rows]
    return table(columns, cut) if cut else "No rows."
