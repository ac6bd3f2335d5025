"""Words in which the named cases are written: what was delivered, and what is seen of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.reference.company import Reference
from tests.reference.flow import flow_rows
from tests.support.companies import AS_OF, BUSINESS_TIMEZONE, Company, Tables

Row = dict[str, str]
Seen = Callable[[Reference], object]


@dataclass(frozen=True)
class Case:
    """One decision: a company, what to look at, and what must be seen."""

    id: str
    company: Company
    seen: Seen
    expected: object


def case(
    id: str,
    nights: Sequence[Tables | None],
    seen: Seen,
    expected: object,
    mode: str = "changes",
    timezone: str = "UTC",
) -> Case:
    """Return a case; missing nights at the end deliver nothing."""
    return Case(id, Company(tuple(nights), mode, timezone, name=id), seen, expected)


def deal(stage: str, deal_id: str = "d1", **cells: str) -> Row:
    """Return a row of the table deals."""
    return {"deal_id": deal_id, "stage": stage, **cells}


def lead(status: str, **cells: str) -> Row:
    """Return a row of the table leads."""
    return {"lead_id": "l1", "status": status, **cells}


def entry(stage: str, entered_at: str, **cells: str) -> Row:
    """Return a row of stage history."""
    row = {"entity_type": "deal", "entity_id": "d1", "stage": stage, "entered_at": entered_at}
    return {**row, **cells}


def change(
    field: str, words: str, changed_at: str, number: int = 0, is_complete: bool = True, **cells: str
) -> Row:
    """Return a logged change of a field, written 'old > new': ``-`` is empty, no old not told."""
    old, _, new = (word.strip() for word in words.rpartition(">"))
    row = {"entity_type": "deal", "entity_id": "d1", "field": field, "changed_at": changed_at}
    row["record_id"] = f"{field} {changed_at} {number}"
    if old:
        row["has_old_value"] = "true"
    row |= {
        column: word
        for column, word in (("old_value", old), ("new_value", new))
        if word not in ("", "-")
    }
    if number:
        row["change_number"] = str(number)
    if is_complete:
        row["history_is_complete"] = "true"
    return {**row, **cells}


def read_log(is_complete: bool = True) -> Row:
    """Return what says that a log was read and has no change."""
    row = {"record_id": "log of d1", "entity_type": "deal", "entity_id": "d1"}
    return {**row, "history_is_complete": "true"} if is_complete else row


def deletion(deleted_at: str, **cells: str) -> Row:
    """Return a row of a feed of deletions."""
    return {"entity_type": "deal", "entity_id": "d1", "deleted_at": deleted_at, **cells}


def stages(names: str, entity_type: str = "deal", **cells: str) -> list[Row]:
    """Return a stage list from names in order; ``name=won`` gives a stage another category."""
    rows = []
    for position, word in enumerate(names.split(), start=1):
        name, _, category = word.partition("=")
        row = {"entity_type": entity_type, "stage": name, "position": str(position)}
        rows.append({**row, "category": category or "open", **cells})
    return rows


USUAL = stages("new talk offer won=won lost=lost")


def moment(at: object) -> str:
    """Return an instant as month, day and business time; a whole day's border by its name."""
    assert isinstance(at, datetime)
    local = at.astimezone(ZoneInfo(BUSINESS_TIMEZONE))
    clock = local.strftime("%H:%M:%S.%f")
    words = {"00:00:00.000000": "start", "23:59:59.999999": "end"}
    return f"{local:%m-%d} {words.get(clock, clock[:5])}"


def steps(record: str = "d1") -> Seen:
    """See a record's transitions as 'type stage moment'."""
    return lambda found: [
        f"{row['transition_type']} {row['to_stage']} {moment(row['transitioned_at'])}"
        for row in found.transitions
        if row["entity"] == record
    ]


def steps_with(*names: str, record: str = "d1") -> Seen:
    """See some columns of a record's transitions."""
    return lambda found: [
        tuple(_plain(row[name]) for name in names)
        for row in found.transitions
        if row["entity"] == record
    ]


def days(*names: str) -> Seen:
    """See some columns of the deal's days, by month and day."""
    return lambda found: {
        f"{row['snapshot_date']:%m-%d}": " ".join(str(_plain(row[name])) for name in names)
        for row in found.daily
        if row["deal"] == "d1"
    }


def changes(field: str) -> Seen:
    """See the changes of one field as 'old new moment', an inferred one marked with ~."""
    return lambda found: [
        f"{_plain(row['old'])} {_plain(row['new'])} {moment(row['at'])}"
        + " ~" * bool(row["is_inferred"])
        for row in found.changes
        if row["deal"] == "d1" and row["field"] == field
    ]


def facts(*names: str) -> Seen:
    """See some columns of the deals, by deal."""
    return lambda found: {
        str(row["deal"]): tuple(_plain(row[name]) for name in names) for row in found.deals
    }


def funnel(entity_type: str, *names: str) -> Seen:
    """See some counts of the funnel by 'pipeline: from > to'."""
    return lambda found: {
        f"{pipeline}: {here} > {there}": tuple(step.counts[name] for name in names)
        for (kind, pipeline, here, there), step in found.funnel.items()
        if kind == entity_type
    }


def funnel_days(entity_type: str) -> Seen:
    """See after how many days what became of whom, by 'pipeline: from > to'."""
    return lambda found: {
        f"{pipeline}: {here} > {there}": [
            f"{count} {end} {day}" for (day, end), count in sorted(step.by_day.items())
        ]
        for (kind, pipeline, here, there), step in found.funnel.items()
        if kind == entity_type
    }


def flow(stage: str) -> Seen:
    """See what passed through a stage: measures that are not zero, by month."""
    return lambda found: {
        f"{row['month_start']:%m}": {
            name: value for name, value in row.items() if isinstance(value, int) and value
        }
        for row in flow_rows([found.flow], AS_OF)
        if row["stage"] == stage
    }


def owner(owner_id: str, **cells: str) -> Row:
    """Return a row of the table owners."""
    return {"owner_id": owner_id, **cells}


def rates(currency: str, worth: dict[str, str]) -> list[Row]:
    """Return rates in units of a currency for one euro, by month and day."""
    return [
        {"date": f"2024-{day}", "currency": currency, "rate": rate, "base": "EUR"}
        for day, rate in worth.items()
    ]


def flows(period: str, start: str, dimension: str = "all") -> Seen:
    """See what is not zero in the waterfall of one period, by dimension value."""
    return lambda found: {
        value: {name: float(number) for name, number in row.items() if number}
        for (kind, day, kind_of_value, value), row in sorted(found.waterfall.items())
        if (kind, f"{day:%m-%d}", kind_of_value) == (period, start, dimension)
    }


def due(period: str, start: str, dimension: str = "all") -> Seen:
    """See what is not zero in the close date moves of one period, by dimension value."""
    return lambda found: {
        value: {name: number for name, number in row.items() if number}
        for (kind, day, kind_of_value, value), row in sorted(found.close_dates.items())
        if (kind, f"{day:%m-%d}", kind_of_value) == (period, start, dimension)
    }


def _plain(value: object) -> object:
    match value:
        case datetime():
            return moment(value)
        case date():
            return f"{value:%m-%d}"
        case Decimal():
            return float(value)
        case _:
            return value
