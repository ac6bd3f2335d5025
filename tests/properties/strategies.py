"""Small companies as their exports tell of them over a few nights, made up by hypothesis.

Pools of values are small, so that times collide, stages repeat and records contradict themselves.
The first value of each pool is the plainest: examples get readable as they shrink.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.properties.feed_strategies import deletions, logs
from tests.support.companies import NIGHTS, TEMPLATED, Company, Tables

Row = dict[str, str]

DATES = [
    *("2024-03-25", "2024-03-28", "2024-03-29", "2024-04-01", "2024-04-03", "2024-03-31"),
    *("2024-04-05", "2024-04-08"),
]
TIMES = [
    *("2024-03-28T10:00:00", "2024-03-29T15:30:00", "2024-04-02T09:00:00+02:00"),
    *("2024-03-25T23:30:00Z", "2024-03-31T02:30:00", "2024-04-05T22:30:00Z"),
]
MOMENTS = [*DATES, *TIMES]
EXPECTED = ["2024-04-10", "2024-04-20", "2024-05-10", "2024-04-04", "2024-03-30", "2024-03-27"]
AMOUNTS = ["100", "250.50", "0", "-10"]
# The last one has no rate.
CURRENCIES = ["EUR", "USD", "RUB"]
OPEN = ["new", "talk", "offer"]
CLOSED = ["won", "lost"]
SECOND_OPEN, SECOND_CLOSED = ["try", "buy"], ["signed", "lost"]
SHIPPED = ["prospecting", "qualification", "proposal", "closing", "won", "lost"]
LEAD = ["fresh", "warm", "hot", "converted", "disqualified"]
UNLISTED = "odd"


def rarely(draw: st.DrawFn, chance: int = 5) -> bool:
    """Return true about once in ``chance`` draws, never in the plainest example."""
    return bool(draw(st.integers(0, chance - 1)) == chance - 1)


def maybe(draw: st.DrawFn, row: Row, column: str, values: list[str], chance: int = 2) -> None:
    """Fill a cell about once in ``chance`` draws."""
    if rarely(draw, chance):
        row[column] = draw(st.sampled_from(values))


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """Return a company with 1-4 deals and 0-2 leads over 1-4 nights."""
    kind = draw(st.sampled_from(["listed", "two pipelines", "unlisted", "shipped"]))
    mode = draw(st.sampled_from(["changes", "full"]))
    timezone = draw(st.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York"]))
    nights = draw(st.sampled_from([(0,), (0, 3), (0, 2, 3), (1, 2), (0, 1, 2, 3), (3,)]))
    # How much of its values a history leaves out.
    gaps = draw(st.sampled_from([4, 1]))
    event_ids = draw(st.sampled_from(["none", "numeric", "text"]))
    deals = [f"d{n}" for n in range(1, draw(st.integers(1, 4)) + 1)]
    leads = [f"l{n}" for n in range(1, draw(st.integers(0, 2)) + 1)]
    records: dict[str, dict[str, Row]] = {"deals": {}, "leads": {}}
    history = {
        entity: draw(_history(kind, "deal" if entity in deals else "lead", entity, gaps))
        for entity in [*deals, *leads]
        if rarely(draw, 2)
    }
    news = _news(draw, kind, deals, leads, history)
    only_history = {entity for entity in history if rarely(draw, 6)}
    first_night = {entity: draw(st.sampled_from(nights)) for entity in [*deals, *leads]}
    told: list[Row] = []
    found: list[Tables | None] = []
    for night in range(len(NIGHTS)):
        if night not in nights:
            found.append(None)
            continue
        tables: dict[str, list[Row]] = {}
        if kind != "unlisted" and (night == nights[0] or rarely(draw)):
            tables["stages"] = draw(_stage_list(kind, changed=night != nights[0]))
        if rarely(draw, 2):
            tables["owners"] = draw(_owners())
        for table, ids in (("deals", deals), ("leads", leads)):
            rows = records[table]
            for entity in ids:
                if entity in only_history or first_night[entity] > night:
                    continue
                if entity not in rows:
                    rows[entity] = draw(_record(kind, table, entity, deals, leads))
                elif rarely(draw, 2):
                    rows[entity] = draw(_changed(kind, table, rows[entity], deals, leads))
                if entity in history:
                    # Which of the two dates a conversion, history or the record, is not decided.
                    rows[entity].pop("converted_at", None)
            delivered = [row for row in rows.values() if not rarely(draw, 6)]
            if delivered or rows:
                tables[table] = delivered
        told = draw(_told(told, history, night == nights[-1], event_ids))
        if told:
            tables["stage_history"] = told
        if tables:
            _tell(draw, tables, news, night == nights[-1])
        found.append(tables or None)
    return Company(tuple(found), mode=mode, timezone=timezone)


def _news(
    draw: st.DrawFn,
    kind: str,
    deals: list[str],
    leads: list[str],
    history: Mapping[str, list[Row]],
) -> dict[str, list[Row]]:
    """Draw what the feeds of a company will tell, mostly of records without delivered history."""
    news: dict[str, list[Row]] = {"changes": [], "deletions": []}
    if not rarely(draw, 2):
        return news
    for entity_type, ids in (("deal", deals), ("lead", leads)):
        pipelines = ["main", "second"] if kind == "two pipelines" else []
        stages = _stages(kind, entity_type)
        for entity in ids:
            if entity not in history or rarely(draw, 3):
                news["changes"] += draw(logs(entity_type, entity, stages, pipelines))
            news["deletions"] += draw(deletions(entity_type, entity, deals))
    return news


def _tell(
    draw: st.DrawFn, tables: dict[str, list[Row]], news: dict[str, list[Row]], is_last: bool
) -> None:
    """Bring some of the waiting news into a night; the last one brings what is left."""
    for feed, waiting in news.items():
        rows = []
        while waiting and (is_last or rarely(draw, 2)):
            rows.append(waiting.pop(0))
        if rows:
            tables[feed] = rows


def _stages(kind: str, table: str) -> list[str]:
    if table in ("leads", "lead"):
        return LEAD
    if kind == "shipped":
        return [*SHIPPED, UNLISTED]
    return [*OPEN, *CLOSED, UNLISTED]


def _place(draw: st.DrawFn, kind: str, table: str) -> Row:
    """Draw a stage, and the pipeline where it isn't the usual one."""
    if table in ("deals", "deal"):
        if kind == "two pipelines" and rarely(draw, 2):
            stage = draw(st.sampled_from([*SECOND_OPEN, *SECOND_CLOSED]))
            return {"stage": stage, "pipeline": "second"}
        if kind == "shipped":
            return {"stage": draw(st.sampled_from(_stages(kind, table))), "pipeline": TEMPLATED}
        if kind == "two pipelines" and not rarely(draw, 3):
            return {"stage": draw(st.sampled_from(_stages(kind, table))), "pipeline": "main"}
    return {"stage": draw(st.sampled_from(_stages(kind, table)))}


@st.composite
def _record(
    draw: st.DrawFn, kind: str, table: str, entity: str, deals: list[str], leads: list[str]
) -> Row:
    row: Row = {"deal_id" if table == "deals" else "lead_id": entity}
    _move(draw, kind, table, row)
    if not rarely(draw, 4):
        row["created_at"] = draw(st.sampled_from(MOMENTS))
    maybe(draw, row, "updated_at", MOMENTS)
    maybe(draw, row, "owner_id", ["ann", "bob"])
    if table == "deals":
        maybe(draw, row, "created_stage", OPEN, 8)
        maybe(draw, row, "amount", AMOUNTS)
        maybe(draw, row, "currency", CURRENCIES)
        maybe(draw, row, "expected_close_date", EXPECTED)
        maybe(draw, row, "closed_at", MOMENTS)
        if leads:
            maybe(draw, row, "lead_id", leads, 3)
        maybe(draw, row, "merged_into_id", deals, 12)
        maybe(draw, row, "region", ["north", "south"], 4)
        maybe(draw, row, "lead_source", ["web", "fair"], 4)
    elif row["status"] == "converted":
        maybe(draw, row, "converted_at", MOMENTS)
        maybe(draw, row, "converted_deal_id", deals)
    maybe(draw, row, "is_deleted", ["true"], 10)
    return row


def _move(draw: st.DrawFn, kind: str, table: str, row: Row) -> None:
    row.pop("pipeline", None)
    place = _place(draw, kind, table)
    if table == "leads":
        row["status"] = place["stage"]
        row.pop("converted_at", None)
    else:
        row.update(place)


@st.composite
def _changed(
    draw: st.DrawFn,
    kind: str,
    table: str,
    before: Mapping[str, str],
    deals: list[str],
    leads: list[str],
) -> Row:
    """Return the next version of a record: one to three of its cells differ."""
    row = dict(before)
    other: dict[str, Any] = draw(_record(kind, table, before.get("deal_id", ""), deals, leads))
    columns = [c for c in {**other, **row} if c not in ("deal_id", "lead_id")]
    for column in draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, max_size=3)):
        if column in ("stage", "status", "pipeline"):
            _move(draw, kind, table, row)
        elif column in other:
            row[column] = other[column]
        else:
            row.pop(column, None)
    if row.get("status") != "converted":
        row.pop("converted_at", None)
    if rarely(draw, 4) and not row.pop("is_deleted", None):
        row["is_deleted"] = "true"
    if rarely(draw, 2):
        row["updated_at"] = draw(st.sampled_from(MOMENTS))
    return row


@st.composite
def _history(draw: st.DrawFn, kind: str, entity_type: str, entity: str, gaps: int) -> list[Row]:
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        row = {"entity_type": entity_type, "entity_id": entity}
        row.update(_place(draw, kind, entity_type))
        if rarely(draw, 4):
            row.pop("pipeline", None)
        row["entered_at"] = draw(st.sampled_from(MOMENTS))
        maybe(draw, row, "owner_id", ["ann", "bob"], gaps)
        if entity_type == "deal":
            maybe(draw, row, "amount", AMOUNTS, gaps)
            maybe(draw, row, "currency", CURRENCIES, gaps)
            maybe(draw, row, "expected_close_date", EXPECTED, gaps)
        rows.append(row)
    return rows


@st.composite
def _told(
    draw: st.DrawFn, before: list[Row], history: dict[str, list[Row]], is_last: bool, ids: str
) -> list[Row]:
    """Return the history file of a night: rows come late, change, and sometimes vanish."""
    rows = [dict(row) for row in before if not rarely(draw, 12)]
    for row in rows:
        if rarely(draw, 10) and row["entity_type"] == "deal":
            row["amount"] = draw(st.sampled_from(AMOUNTS))
    for entity, waiting in history.items():
        while waiting and (is_last or rarely(draw, 2)):
            row = dict(waiting.pop(0))
            number = draw(st.integers(1, 9)) * 10 + len(rows)
            if ids == "numeric":
                row["event_id"] = str(number)
            elif ids == "text":
                row["event_id"] = f"{entity}-{number}"
            taken = {(r.get("event_id"), r["entity_id"], r["stage"], r["entered_at"]) for r in rows}
            key = (row.get("event_id"), entity, row["stage"], row["entered_at"])
            if key not in taken and not any(
                r.get("event_id") and r.get("event_id") == row.get("event_id") for r in rows
            ):
                rows.append(row)
    return draw(st.permutations(rows)) if rarely(draw, 4) else rows


@st.composite
def _owners(draw: st.DrawFn) -> list[Row]:
    rows = []
    for owner in ("ann", "bob"):
        row = {"owner_id": owner}
        maybe(draw, row, "team", ["red", "blue"])
        maybe(draw, row, "region", ["north", "south"], 3)
        rows.append(row)
    return rows


@st.composite
def _stage_list(draw: st.DrawFn, kind: str, changed: bool) -> list[Row]:
    deal, lead = [*OPEN, *CLOSED], list(LEAD)
    named = {"won": "won", "lost": "lost"}
    if changed:
        match draw(st.sampled_from(["swap", "insert", "prepend", "remove", "category"])):
            case "swap":
                deal[0], deal[1] = deal[1], deal[0]
            case "insert":
                deal.insert(1, UNLISTED)
            case "prepend":
                deal.insert(0, UNLISTED)
            case "remove":
                deal.remove("talk")
            case "category":
                named["offer"] = "won"
    rows = [] if kind == "shipped" else _lines("deal", deal, named)
    if kind == "two pipelines":
        rows = [{**row, "pipeline": "main"} for row in rows]
        second = _lines("deal", [*SECOND_OPEN, *SECOND_CLOSED], {"signed": "won", "lost": "lost"})
        rows += [{**row, "pipeline": "second"} for row in second]
    return rows + _lines("lead", lead, {"converted": "won", "disqualified": "lost"})


def _lines(entity_type: str, stages: list[str], named: dict[str, str]) -> list[Row]:
    return [
        {
            "entity_type": entity_type,
            "stage": stage,
            "position": str(place),
            "category": named.get(stage, "open"),
        }
        for place, stage in enumerate(stages, start=1)
    ]
