"""Smaller companies that still fail: every smaller neighbour at once, as one batch.

A build of the warehouse takes seconds whether it holds one company or fifty, so a round tries all
neighbours of a company and goes on from the smallest that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.support.companies import Company, Tables

Failing = Callable[[Sequence[Company]], list[Company]]


def reduced(company: Company, failing: Failing, rounds: int, most: int = 60) -> Company:
    """Return a small company that fails; ``failing`` picks those that do from a batch."""
    for _ in range(rounds):
        tried = sorted(neighbours(company), key=lambda each: each.size)[:most]
        failed = failing(tried)
        if not failed:
            break
        company = min(failed, key=lambda each: each.size)
    return company


def neighbours(company: Company) -> list[Company]:
    """Return companies with one thing less: a record, a night, a table, a row, a column."""
    found: dict[str, Company] = {}
    records = {
        (table, row.get("deal_id") or row.get("lead_id") or row.get("entity_id"))
        for tables in company.nights
        if tables
        for table, rows in tables.items()
        for row in rows
    }
    columns = {
        (table, column)
        for tables in company.nights
        if tables
        for table, rows in tables.items()
        for row in rows
        for column in row
        if column not in _NEEDED and table not in _KEPT_WHOLE
    }
    for table, record in sorted(records, key=str):
        _keep(
            found,
            company,
            lambda t, row, table=table, record=record: (  # type: ignore[misc]
                None
                if record in (row.get("deal_id"), row.get("lead_id"), row.get("entity_id"))
                and (record is not None)
                and t == table
                else row
            ),
        )
    for table, column in sorted(columns):
        _keep(
            found,
            company,
            lambda t, row, table=table, column=column: (  # type: ignore[misc]
                {name: value for name, value in row.items() if name != column}
                if t == table
                else row
            ),
        )
    for number, tables in enumerate(company.nights):
        if not tables:
            continue
        _add(found, company, number, None)
        for table, rows in tables.items():
            _add(found, company, number, {k: v for k, v in tables.items() if k != table})
            for index in range(len(rows)):
                kept = [row for place, row in enumerate(rows) if place != index]
                _add(found, company, number, {**tables, table: kept})
                for column in rows[index]:
                    if column in _NEEDED or table in _KEPT_WHOLE:
                        continue
                    cell = {k: v for k, v in rows[index].items() if k != column}
                    fewer = [cell if place == index else row for place, row in enumerate(rows)]
                    _add(found, company, number, {**tables, table: fewer})
    return list(found.values())


# Their rows are nothing without each column.
_KEPT_WHOLE = {"owners", "fx_rates"}
_NEEDED = {
    *("deal_id", "stage", "lead_id", "status", "entity_type", "entity_id", "entered_at"),
    *("position", "category", "record_id", "field", "changed_at"),
}


def _add(found: dict[str, Company], company: Company, number: int, tables: Tables | None) -> None:
    nights = list(company.nights)
    nights[number] = tables or None
    _remember(found, replace(company, nights=tuple(nights)), company)


def _keep(
    found: dict[str, Company],
    company: Company,
    change: Callable[[str, dict[str, str]], dict[str, str] | None],
) -> None:
    nights: list[Tables | None] = []
    for tables in company.nights:
        kept = {
            table: [new for row in rows if (new := change(table, dict(row))) is not None]
            for table, rows in (tables or {}).items()
        }
        nights.append({table: rows for table, rows in kept.items() if rows} or None)
    _remember(found, replace(company, nights=tuple(nights)), company)


def _remember(found: dict[str, Company], smaller: Company, company: Company) -> None:
    if any(smaller.nights) and smaller.size < company.size:
        found[repr(smaller)] = smaller
