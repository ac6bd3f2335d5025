"""Feeds that no file has, brought to where every source delivers them.

Logged changes and deletions come from systems with an interface only. Here they stand in the place
of the delivered views, so that everything behind these is the real thing. That they are news is
told by rows of a CRM's staging that nothing else reads here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import duckdb

from orchestration.engine import has_table
from tests.support.companies import BUSINESS_TIMEZONE, COLUMNS, Tables, full_row

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
# The staging that stands for the news of a kind of record.
_NEWS = {"deal": "deleted_opportunities", "lead": "deleted_leads"}
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

    def deliver(
        self, tables: Tables, source: str, as_of: date, known_at: datetime, is_first: bool
    ) -> None:
        """Take in one night's news of a source; what was told before is no news."""
        next_day = datetime.combine(
            as_of + timedelta(days=1), time_of_day(), ZoneInfo(BUSINESS_TIMEZONE)
        )
        extracted_at = min(known_at, next_day.astimezone(UTC) - timedelta(microseconds=1))
        for feed in VIEWS:
            load_id = f"{time.time_ns() // 1000:020d}"
            for row in tables.get(feed, []):
                cells = full_row(feed, row)
                if (feed, source, *cells.values()) in self._told:
                    continue
                self._told.add((feed, source, *cells.values()))
                delivery = [source, load_id, len(self.rows[feed]) + 1, known_at, is_first]
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
            connection.execute(
                "insert into landing.loads (load_id, source_name, table_name, row_count,"
                " deleted_rows) select load_id, source_name, ?, count(*), 0"
                f" from conformed.{view} group by all",
                [feed],
            )
        self.clear_news(connection)
        for entity_type, object_ in _NEWS.items():
            if not has_table(connection, "staging", f"stg_salesforce__{object_}"):
                continue  # the first build takes everything in
            for feed, view in VIEWS.items():
                connection.execute(
                    f"insert into staging.stg_salesforce__{object_}"
                    f" (source_name, load_id, ordinal, record_id, {entity_type}_id)"
                    f" select source_name, load_id, ordinal, '{feed}' || ordinal, entity_id"
                    f" from conformed.{view} where entity_type = '{entity_type}'"
                )

    def clear_news(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take out what stands for news: no such rows landed."""
        for object_ in _NEWS.values():
            if has_table(connection, "staging", f"stg_salesforce__{object_}"):
                connection.execute(f"delete from staging.stg_salesforce__{object_}")
