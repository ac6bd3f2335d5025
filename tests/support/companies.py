"""A small company as a test sees it: what its folder holds night by night.

Here belong the shape, how it is written to files and how it reads in a report. Making companies
up belongs to the strategies, their meaning to the reference.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from orchestration.warehouse.layout import ECB_RATES
from tests.reference.given import FEEDS, Delivery, Row, Rules

BUSINESS_TIMEZONE = "Europe/Amsterdam"

# (last day reported, when the night ran): a usual night; one that runs in the middle of its day,
# the day on which the clocks go forward; a late one; a usual one.
NIGHTS = (
    (date(2024, 3, 29), datetime(2024, 3, 30, 0, 30, tzinfo=UTC)),
    (date(2024, 3, 31), datetime(2024, 3, 31, 13, 0, tzinfo=UTC)),
    (date(2024, 4, 3), datetime(2024, 4, 6, 0, 0, tzinfo=UTC)),
    (date(2024, 4, 5), datetime(2024, 4, 6, 1, 0, tzinfo=UTC)),
)
AS_OF = NIGHTS[-1][0]

TEMPLATED = "shipped"
TEMPLATE = "b2b_4"

COLUMNS = {
    "deals": (
        *("deal_id", "stage", "created_at", "pipeline", "created_stage", "amount", "currency"),
        *("expected_close_date", "closed_at", "owner_id", "lead_id", "updated_at"),
        *("is_deleted", "merged_into_id", "lead_source", "region"),
    ),
    "leads": (
        *("lead_id", "status", "created_at", "owner_id", "converted_at", "converted_deal_id"),
        *("updated_at", "is_deleted"),
    ),
    "stage_history": (
        *("entity_type", "entity_id", "stage", "entered_at", "pipeline", "amount", "currency"),
        *("expected_close_date", "owner_id", "event_id"),
    ),
    "stages": ("entity_type", "stage", "position", "category", "pipeline"),
    "changes": (
        *("record_id", "entity_type", "entity_id", "field", "old_value", "new_value"),
        *("has_old_value", "changed_at", "change_number", "history_is_complete"),
    ),
    "deletions": ("entity_type", "entity_id", "deleted_at", "merged_into_id"),
    "owners": ("owner_id", "team", "region"),
    "fx_rates": ("date", "currency", "rate", "base"),
}

Tables = Mapping[str, Sequence[Mapping[str, str]]]


@dataclass(frozen=True)
class Company:
    """One source. A night is null when nothing is delivered; a table missing has no file.

    Rows hold only the cells that are filled.
    """

    nights: tuple[Tables | None, ...]
    mode: str = "changes"
    timezone: str = "UTC"
    name: str = ""

    def deliveries(self) -> list[Delivery]:
        """Return what the landing is given, night by night."""
        found: list[Delivery] = []
        for (as_of, known_at), tables in zip(NIGHTS, self.nights, strict=False):
            if not tables:
                continue
            rows = {table: [full_row(table, row) for row in tables[table]] for table in tables}
            found.append(Delivery(as_of, known_at, not found, self.mode, rows))
        return found

    def __repr__(self) -> str:
        lines = [f"Company {self.name!r} mode={self.mode} timezone={self.timezone}"]
        for (as_of, known_at), tables in zip(NIGHTS, self.nights, strict=False):
            lines.append(f"  night of {as_of}, run at {known_at:%Y-%m-%d %H:%M}Z")
            for table, rows in (tables or {}).items():
                lines += [f"    {table}: no rows"] * (not rows)
                for row in rows:
                    cells = " ".join(f"{name}={value}" for name, value in row.items())
                    lines.append(f"    {table}: {cells}")
        return "\n".join(lines)

    @property
    def size(self) -> int:
        """How much there is to read."""
        return sum(
            1 + len(row) for tables in self.nights if tables for t in tables.values() for row in t
        ) + 2 * sum(len(tables) for tables in self.nights if tables)


def full_row(table: str, row: Mapping[str, str]) -> Row:
    """Return a row with every column of its file, null where it is empty."""
    return {column: row.get(column) for column in COLUMNS[table]}


def night_of(company: Company, night: int) -> Tables:
    """Return what a company's folder holds in a night."""
    return (company.nights[night] if night < len(company.nights) else None) or {}


def write_tables(delivered: Tables, folder: Path) -> list[str]:
    """Write one night's files into a company's folder; return the tables that have one.

    Feeds are no files; ``feeds`` brings them to where every source delivers them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    tables = {table: rows for table, rows in delivered.items() if table not in FEEDS}
    for table, rows in tables.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS[table], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return list(tables)


def rules_of(company: Company, templates: Sequence[Mapping[str, str]]) -> Rules:
    """Return the settings as the reference wants them, from the rows of the shipped templates."""
    return Rules(
        as_of=AS_OF,
        business_timezone=BUSINESS_TIMEZONE,
        source_timezone=company.timezone,
        templates={
            TEMPLATED: [
                (row["stage"], row["category"]) for row in templates if row["template"] == TEMPLATE
            ]
        },
        named_categories={
            row["stage"]: row["category"] for row in templates if row["category"] != "open"
        },
        reference_rates=shipped_rates(),
    )


@cache
def shipped_rates() -> dict[tuple[str, date], Decimal]:
    """Return the shipped reference rates of the months that the companies live in."""
    found = {}
    with ECB_RATES.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            day = date.fromisoformat(row.pop("Date"))
            if date(2024, 3, 1) <= day <= AS_OF:
                for currency, rate in row.items():
                    if currency and rate not in ("", "N/A"):
                        found[currency, day] = Decimal(rate)
    return found
