"""Feeds that no file has, brought to where every source delivers them.

Logged changes and deletions come from systems with an interface only. Here they stand in the place
of the delivered views, so that everything behind these is the real thing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import duckdb

from tests.support.companies import BUSINESS_TIMEZONE, COLUMNS, NIGHTS, Company, full_row

# The view that each feed stands for (a build leaves these out), and the types of its columns.
VIEWS = {"changes": "int_delivered_changes", "deletions": "int_delivered_deletions"}
_TYPES = {
    "has_old_value": "boolean",
    "history_is_complete": "boolean",
    "changed_at": "timestamptz",
    "deleted_at": "timestamptz",
    "change_number": "bigint",
}
# Columns that no case fills.
_NEVER_TOLD = {"changes": {"logged_fields": "varchar[]"}}
_DELIVERY = {
    "source_name": "varchar",
    "load_id": "varchar",
    "ordinal": "bigint",
    "known_at": "timestamptz",
    "is_first_extraction": "boolean",
    "extracted_at": "timestamptz",
    "is_absent": "boolean",
}


@dataclass
class Feeds:
    """What the feeds of several sources have told so far, in the order of their loads."""

    rows: dict[str, list[list[object]]] = field(
        default_factory=lambda: {feed: [] for feed in VIEWS}
    )
    _told: set[tuple[object, ...]] = field(default_factory=set)

    def deliver(self, company: Company, source: str, night: int) -> None:
        """Take in one night's news of a source; what was told before is no news."""
        tables = company.nights[night] if night < len(company.nights) else None
        for feed in VIEWS:
            load_id = f"{time.time_ns() // 1000:020d}"
            for row in (tables or {}).get(feed, []):
                self._take(feed, row, (source, load_id), night, any(company.nights[:night]))

    def _take(
        self,
        feed: str,
        row: Mapping[str, str],
        load: tuple[str, str],
        night: int,
        was_delivered: bool,
    ) -> None:
        source, load_id = load
        cells = full_row(feed, row)
        if (feed, source, *cells.values()) in self._told:
            return
        self._told.add((feed, source, *cells.values()))
        as_of, known_at = NIGHTS[night]
        next_day = datetime.combine(
            as_of + timedelta(days=1), time_of_day(), ZoneInfo(BUSINESS_TIMEZONE)
        )
        extracted_at = min(known_at, next_day.astimezone(UTC) - timedelta(microseconds=1))
        delivery = [source, load_id, len(self.rows[feed]) + 1, known_at, not was_delivered]
        self.rows[feed].append([*delivery, extracted_at, False, *cells.values()])

    def lay_out(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put the feeds in the place of the delivered views."""
        connection.execute("create schema if not exists conformed")
        for feed, view in VIEWS.items():
            types = {**_DELIVERY, **{name: _TYPES.get(name, "varchar") for name in COLUMNS[feed]}}
            columns = ", ".join(f"{name} {type}" for name, type in types.items())
            connection.execute(f"create or replace table conformed.{view} ({columns})")
            if self.rows[feed]:
                places = ", ".join("?" * len(types))
                statement = f"insert into conformed.{view} values ({places})"
                connection.executemany(statement, self.rows[feed])
            for name, type in _NEVER_TOLD.get(feed, {}).items():
                connection.execute(f"alter table conformed.{view} add column {name} {type}")
