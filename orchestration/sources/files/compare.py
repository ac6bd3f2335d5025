"""Which delivered rows are new against what landed before, and which records are gone.

Works on the table ``delivered`` of ``ingest``; leaves ``fresh`` (ordinals to land) and ``gone``
(ids to mark as deleted). Whether a deletion is believed is decided by ``extract``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.landing.envelope import UNREADABLE_ID, quote_literal


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def find_fresh(connection: duckdb.DuckDBPyConnection, landed: Sequence[Path]) -> int:
    """Create ``latest`` and ``fresh``; return the number of rows to land.

    A row is new if it differs from the row of its id before it: in the delivery, else the latest
    landed version. A deleted record that is delivered again is always new.
    """
    if landed:
        paths = ", ".join(quote_literal(str(path)) for path in landed)
        # Ordinals stay below 2^40, so one number orders versions by load and place.
        versions = (
            "SELECT id, max_by({'fingerprint': fingerprint, 'is_deleted': is_deleted},"
            " load_id::HUGEINT * 1099511627776 + ordinal) AS version"
            f" FROM read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"
            " GROUP BY id"
        )
    else:
        versions = (
            "SELECT NULL::VARCHAR AS id, {'fingerprint': NULL::UBIGINT,"
            " 'is_deleted': NULL::BOOLEAN} AS version WHERE false"
        )
    connection.execute(
        "CREATE TABLE latest AS SELECT id, version.fingerprint AS fingerprint,"
        f" version.is_deleted AS is_deleted FROM ({versions})"
    )
    connection.execute(
        "CREATE TABLE fresh AS SELECT ordinal FROM (SELECT d.ordinal, d.fingerprint,"
        " coalesce(d.before, CASE WHEN NOT l.is_deleted THEN l.fingerprint END) AS before"
        " FROM (SELECT id, ordinal, fingerprint,"
        " lag(fingerprint) OVER (PARTITION BY id ORDER BY ordinal) AS before FROM delivered) AS d"
        " LEFT JOIN latest AS l ON l.id = d.id) WHERE fingerprint IS DISTINCT FROM before"
    )
    return _number(connection, "SELECT count(*) FROM fresh")


def live_records(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many records stand in the landing and are not deleted."""
    return _number(
        connection,
        "SELECT count(*) FROM latest WHERE NOT is_deleted"
        f" AND NOT regexp_full_match(id, {quote_literal(UNREADABLE_ID)})",
    )


def find_gone(connection: duckdb.DuckDBPyConnection) -> int:
    """Create ``gone``: live ids that the delivery doesn't hold; return their number.

    An id whose parts all stand in the text of an unreadable row is delivered, though unreadably.
    """
    connection.execute(
        "CREATE TABLE gone AS SELECT id FROM latest WHERE NOT is_deleted"
        f" AND NOT regexp_full_match(id, {quote_literal(UNREADABLE_ID)})"
        " AND id NOT IN (SELECT id FROM delivered)"
        " AND NOT EXISTS (SELECT 1 FROM delivered WHERE problem IS NOT NULL AND"
        " list_bool_and(list_transform(string_split(latest.id, '|'),"
        " lambda part: contains(payload, part))))"
    )
    return _number(connection, "SELECT count(*) FROM gone")


def rows_to_land_sql(known_at: str, load_id: str, everything: bool, read: int) -> str:
    """Return the SELECT of a load's rows in the envelope's schema.

    ``everything``: all of ``delivered`` is new. ``read`` is the last ordinal of the delivery;
    tombstones come after it, in the order of their ids.
    """
    stamp = (
        f"{quote_literal(known_at)}::TIMESTAMPTZ AS known_at, {quote_literal(load_id)} AS load_id"
    )
    kept = "" if everything else " WHERE ordinal IN (SELECT ordinal FROM fresh)"
    return (
        f"SELECT id, {stamp}, ordinal, file, line, false AS is_deleted, fingerprint, payload,"
        f" problem, problem_column FROM delivered{kept}"
        f" UNION ALL SELECT id, {stamp}, {read} + row_number() OVER (ORDER BY id), NULL, NULL,"
        " true, md5_number_lower('{}'), '{}', NULL, NULL FROM gone"
    )
