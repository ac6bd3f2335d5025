"""The one schema of every landed row, whatever source it came from.

Columns and their DuckDB types belong here. Nothing of a payload is ever typed in the landing.
"""

from __future__ import annotations

ENVELOPE: dict[str, str] = {
    "id": "VARCHAR",
    "known_at": "TIMESTAMP WITH TIME ZONE",
    "load_id": "VARCHAR",
    "ordinal": "BIGINT",
    "file": "VARCHAR",
    "line": "BIGINT",
    "is_deleted": "BOOLEAN",
    "fingerprint": "UBIGINT",
    "payload": "VARCHAR",
    "problem": "VARCHAR",
    "problem_column": "VARCHAR",
}

# The id of a row without a usable key: "!" and the MD5 of its payload. A vendor's id can't be
# mistaken for one unless it looks exactly like this.
UNREADABLE_ID = "^![0-9a-f]{32}$"


def quote_literal(text: str) -> str:
    """Return a text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
