"""Differences between a company's tables and the reference's, as lines to read.

Both sides become rows of the same columns; keys of the warehouse lose the source's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from tests.reference.company import Reference
from tests.reference.funnel import COUNTS
from tests.support.batch import FUNNEL, FUNNEL_DAYS, VELOCITY, Built

TRANSITION = (
    *("entity_type", "entity", "pipeline", "from_stage", "to_stage", "from_category"),
    *("to_category", "transition_type", "is_closing", "stages_skipped", "transitioned_at"),
    *("visit_number", "is_inferred", "amount", "currency", "owner"),
)
CHANGE = ("deal", "field", "old", "new", "at", "is_inferred")
DAY = (
    *("snapshot_date", "deal", "pipeline", "stage", "amount", "currency"),
    *("expected_close_date", "owner", "days_in_stage", "days_open", "push_count"),
)
DEAL = (
    *("deal", "pipeline", "stage", "stage_category", "is_won", "is_lost", "created_at"),
    *("closed_at", "first_closed_at", "amount", "currency", "expected_close_date", "owner"),
    *("push_count", "is_deleted", "merged_into", "sales_cycle_days"),
)
STEP = ("entity_type", "pipeline", "from_stage", "to_stage")
ENDS = ("reached", "ended", "still_open")
STAY = (
    *("entity_type", "pipeline", "stage", "visits", "mean_days", "median_days", "p90_days"),
    *("open_deals", "median_open_age_days"),
)
_RENAMED = {
    "entity_key": "entity",
    "deal_key": "deal",
    "owner_key": "owner",
    "merged_into_key": "merged_into",
    "old_value": "old",
    "new_value": "new",
    "changed_at": "at",
}


def differences(reference: Reference, built: Built, source: str) -> list[str]:
    """Return a line for each row that only one side has, table by table."""
    funnel: list[dict[str, object]] = []
    funnel_days: list[dict[str, object]] = []
    for key, step in reference.funnel.items():
        named = dict(zip(STEP, key, strict=True))
        funnel.append({**named, **step.counts})
        for day in sorted({day for day, _ in step.by_day}):
            ends = {end: step.by_day[day, end] for end in ENDS}
            funnel_days.append({**named, "days": day, **ends})
    pairs = (
        ("fct_stage_transitions", TRANSITION, reference.transitions),
        ("fct_deal_changes", CHANGE, reference.changes),
        ("fct_pipeline_daily", DAY, reference.daily),
        ("fct_deals", DEAL, reference.deals),
        (FUNNEL, (*STEP, *COUNTS), funnel),
        (FUNNEL_DAYS, (*STEP, "days", *ENDS), funnel_days),
        (VELOCITY, STAY, reference.velocity),
    )
    lines: list[str] = []
    for table, columns, expected in pairs:
        if table not in built.tables:
            lines.append(f"{table} is missing")
            continue
        if table == "fct_deal_changes":
            keys = {str(row["deal_key"]) for row in built.of("fct_deals", source)}
            rows = [row for row in built.tables[table] if row["deal_key"] in keys]
        else:
            rows = built.of(table, source)
        got = [plain_row(row, source) for row in rows]
        lines += compare_rows(table, columns, map(as_texts, expected), got)
    return lines


def plain_row(row: Mapping[str, object], source: str) -> dict[str, object]:
    """Return a row of the warehouse as texts, its keys without the source and their ending."""
    plain: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, str) and value.startswith(f"{source}:"):
            value = value.removeprefix(f"{source}:")
        plain[_RENAMED.get(name, name)] = value
    if plain.get("field") == "amount":  # told as text, with all its places
        for side in ("old", "new"):
            plain[side] = None if plain[side] is None else Decimal(str(plain[side]))
    return as_texts(plain)


def as_texts(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row's values as texts that are equal where the values are."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case float():
            return f"{value:.6f}"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%fZ").replace(".000000", "")
        case _:
            return str(value)


def compare_rows(
    table: str,
    columns: tuple[str, ...],
    expected: Iterable[Mapping[str, object]],
    got: Iterable[Mapping[str, object]],
) -> list[str]:
    """Return a line for each row of texts that only one side has."""
    sides = []
    for rows in (expected, got):
        sides.append(Counter(tuple(str(row[column]) for column in columns) for row in rows))
    wanted, found = sides
    lines = []
    for word, only in (("expected", wanted - found), ("got     ", found - wanted)):
        for row in sorted(only.elements()):
            cells = [f"{c}={v}" for c, v in zip(columns, row, strict=True) if v != "-"]
            lines.append((row, f"{table} {word} {' '.join(cells)}"))
    return [line for _, line in sorted(lines)]


def differences_of_builds(nightly: Built, rebuilt: Built) -> list[str]:
    """Return a line for each table that night after night and a rebuild don't give alike."""
    lines = [f"only one has {table}" for table in nightly.tables.keys() ^ rebuilt.tables.keys()]
    for table in nightly.tables.keys() & rebuilt.tables.keys():
        rows, other = nightly.tables[table], rebuilt.tables[table]
        if len(rows) != len(other):
            lines.append(f"{table}: {len(rows)} rows night by night, {len(other)} rebuilt")
        differing = [pair for pair in zip(rows, other, strict=False) if pair[0] != pair[1]]
        if differing:
            lines.append(f"{table}: {len(differing)} rows, the first: {differing[0]}")
    return sorted(lines)
