"""Which delivered rows are new against what landed before, and which records are gone.

Works on the table ``delivered`` of ``working``; leaves ``fresh`` (ordinals to land) and ``gone``
(ids to mark as deleted), and decides whether absence is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.landing.envelope import UNREADABLE_ID, quote_literal

# A full delivery that would delete more than half of a table this large is taken for a mistake.
_SMALL_TABLE = 20
_LARGEST_DELETION = 0.5


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def find_fresh(connection: duckdb.DuckDBPyConnection, landed: Sequence[Path]) -> int:
    """Create ``latest`` and ``fresh``; return the number of rows to land.

    A row that repeats the row of its id before it is none. Of the rest, those of an id that only
    repeat how its landed versions end are known; what follows them is new. For an id with one row
    that is: new if it differs from the latest landed version. For a file that grows, holding
    every version each night, it is what was added.
    """
    _create_latest(connection, landed)
    connection.execute(
        "CREATE TABLE changes AS SELECT id, ordinal, fingerprint,"
        " row_number() OVER (PARTITION BY id ORDER BY ordinal) AS place FROM"
        " (SELECT id, ordinal, fingerprint,"
        " lag(fingerprint) OVER (PARTITION BY id ORDER BY ordinal) AS before FROM delivered)"
        " WHERE fingerprint IS DISTINCT FROM before"
    )
    connection.execute(
        "CREATE TABLE known AS SELECT c.id, 1 AS versions FROM changes AS c JOIN latest AS l"
        " ON l.id = c.id WHERE c.place = 1 AND NOT l.is_deleted AND l.fingerprint = c.fingerprint"
    )
    if landed and _number(connection, "SELECT count(*) FROM changes WHERE place = 2"):
        connection.execute(
            "INSERT INTO known WITH several AS (SELECT id FROM changes WHERE place = 2),"
            " old AS (SELECT id, list(fingerprint ORDER BY load_id, ordinal) AS prints"
            f" FROM {scan_of(landed)} WHERE id IN (FROM several) GROUP BY id),"
            " new AS (SELECT id, list(fingerprint ORDER BY place) AS prints FROM changes"
            " WHERE id IN (FROM several) GROUP BY id)"
            " SELECT id, coalesce(list_max(list_filter("
            "range(1, least(len(old.prints), len(new.prints)) + 1),"
            " lambda k: old.prints[len(old.prints) - k + 1:] = new.prints[:k])), 0)"
            " FROM old JOIN new USING (id)"
        )
    connection.execute(
        "CREATE TABLE fresh AS SELECT ordinal FROM changes AS c LEFT JOIN"
        " (SELECT id, max(versions) AS versions FROM known GROUP BY id) AS k ON k.id = c.id"
        " WHERE c.place > coalesce(k.versions, 0)"
    )
    return _number(connection, "SELECT count(*) FROM fresh")


def scan_of(landed: Sequence[Path]) -> str:
    """Return the table expression of landed files."""
    paths = ", ".join(quote_literal(str(path)) for path in landed)
    return f"read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"


def _create_latest(connection: duckdb.DuckDBPyConnection, landed: Sequence[Path]) -> None:
    if not landed:
        connection.execute(
            "CREATE TABLE latest (id VARCHAR, fingerprint UBIGINT, is_deleted BOOLEAN)"
        )
        return
    # Ordinals stay below 2^40, so one number orders versions by load and place.
    connection.execute(
        "CREATE TABLE latest AS SELECT id, version.fingerprint AS fingerprint,"
        " version.is_deleted AS is_deleted FROM (SELECT id,"
        " max_by({'fingerprint': fingerprint, 'is_deleted': is_deleted},"
        f" load_id::HUGEINT * 1099511627776 + ordinal) AS version FROM {scan_of(landed)}"
        " GROUP BY id)"
    )


def _live_records(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many records stand in the landing and are not deleted."""
    return _number(
        connection,
        "SELECT count(*) FROM latest WHERE NOT is_deleted"
        f" AND NOT regexp_full_match(id, {quote_literal(UNREADABLE_ID)})",
    )


def _find_gone(connection: duckdb.DuckDBPyConnection) -> int:
    """Create ``gone``: live ids that the delivery doesn't hold; return their number.

    An id whose parts all stand in the text of an unreadable row is delivered, though unreadably.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS present (id VARCHAR)")
    connection.execute(
        "CREATE TABLE gone AS SELECT id FROM latest WHERE NOT is_deleted"
        f" AND NOT regexp_full_match(id, {quote_literal(UNREADABLE_ID)})"
        " AND id NOT IN (SELECT id FROM delivered UNION ALL SELECT id FROM present)"
        " AND NOT EXISTS (SELECT 1 FROM delivered WHERE problem IS NOT NULL AND"
        " list_bool_and(list_transform(string_split(latest.id, '|'),"
        " lambda part: contains(payload, part))))"
    )
    return _number(connection, "SELECT count(*) FROM gone")


def believed_absence(
    connection: duckdb.DuckDBPyConnection, incomplete: Sequence[str]
) -> tuple[int, str]:
    """Leave in ``gone`` the records that count as deleted; return their number and a doubt.

    ``incomplete`` says what is wrong with the delivery, if anything is: then absence counts for
    nothing.
    """
    gone = _find_gone(connection)
    live = _live_records(connection)
    doubt = ""
    if gone and incomplete:
        doubt = f"{'; '.join(incomplete)}: nothing is taken for deleted"
    elif live >= _SMALL_TABLE and gone > live * _LARGEST_DELETION:
        doubt = (
            f"the delivery lacks {gone:,} of {live:,} records, more than half, so none is taken "
            "for deleted: deliver the whole again, or, for files that hold only what changed, "
            'set mode = "changes"'
        )
    if doubt:
        connection.execute("DELETE FROM gone")
        gone = 0
    return gone, doubt


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
