"""The facts as the truth itself has them, read without regard to what a vendor can tell.

For vendors that tell everything the facts must equal these rows; ``projection`` and the reference
say what is left for the others. Types of transitions and counts are the reference's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.happenings import Happening, Record, Ref
from tests.crm.projection import Projection, steps
from tests.support.batch import Built
from tests.support.compare import as_texts, compare_rows, plain_row

Rows = list[dict[str, object]]

LEAD = (*("lead", "status", "created_at", "converted_at", "deal", "owner", "is_deleted"),)
DEAL = (
    *("deal", "pipeline", "stage", "stage_category", "is_won", "is_lost", "created_at"),
    *("closed_at", "amount", "currency", "expected_close_date", "owner", "is_deleted"),
    "merged_into",
)
MOVE = ("entity_type", "entity", "pipeline", "from_stage", "to_stage", "transitioned_at")
DAY = (
    *("snapshot_date", "deal", "pipeline", "stage", "amount", "currency"),
    *("expected_close_date", "owner"),
)
_TABLES = {
    "fct_leads": LEAD,
    "fct_deals": DEAL,
    "fct_stage_transitions": MOVE,
    "fct_pipeline_daily": DAY,
}


def differences_from_truth(
    projection: Projection,
    built: Built,
    source: str,
    as_of: date,
    tables: Sequence[str] = tuple(_TABLES),
) -> list[str]:
    """Return a line for each row of the facts that only the truth or the warehouse has."""
    wanted = expected_facts(projection, as_of)
    lines: list[str] = []
    for table in tables:
        got = [plain_row(_renamed(row), source) for row in built.of(table, source)]
        if table == "fct_stage_transitions":
            got = [row for row in got if row["transition_type"] not in _REMOVALS]
        lines += compare_rows(table, _TABLES[table], map(as_texts, wanted[table]), got)
    return lines


def expected_facts(projection: Projection, as_of: date) -> dict[str, Rows]:
    """Return the rows of each fact at the end of a business day, in the projection's spelling.

    Transitions leave out removals and restorations, which have no stage of their own.
    """
    reader = _Reader(projection, as_of)
    return {
        "fct_leads": reader.leads(),
        "fct_deals": reader.deals(),
        "fct_stage_transitions": reader.moves(),
        "fct_pipeline_daily": reader.days(),
    }


_REMOVALS = ("deleted", "merged", "restored")


def _renamed(row: dict[str, object]) -> dict[str, object]:
    return {("lead" if name == "lead_key" else name): value for name, value in row.items()}


def end_of(day: date) -> datetime:
    """Return the last microsecond of a business day."""
    after = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(BUSINESS_TIMEZONE))
    return after.astimezone(UTC) - timedelta(microseconds=1)


class _Reader:
    def __init__(self, projection: Projection, as_of: date) -> None:
        self.telling = projection
        self.truth = projection.truth
        self.as_of = as_of
        self.end = end_of(as_of)

    def deals(self) -> Rows:
        rows: Rows = []
        for ref in self.truth.refs("deal"):
            past = self.truth.happenings_of(ref, self.end)
            if not past:
                continue
            record = [after for _, _, after in steps(past)][-1]
            counts = record.outcome != "open" and not record.is_deleted
            rows.append(
                {
                    "deal": self.telling.id(ref),
                    **self._place(record),
                    "stage_category": record.outcome,
                    "is_won": counts and record.outcome == "won",
                    "is_lost": counts and record.outcome == "lost",
                    "created_at": self._cut(record.created_at),
                    "closed_at": self._cut(closing(past)) if counts else None,
                    **self._values(record),
                    "is_deleted": record.is_deleted,
                    "merged_into": None
                    if record.merged_into is None or not self.telling.tells_merges
                    else self.telling.id(Ref("deal", record.merged_into)),
                }
            )
        return rows

    def leads(self) -> Rows:
        rows: Rows = []
        for ref in self.truth.refs("lead"):
            record = self.truth.state_at(ref, self.end)
            if record is None:
                continue
            rows.append(
                {
                    "lead": self.telling.id(ref),
                    "status": self._place(record)["stage"],
                    "created_at": self._cut(record.created_at),
                    "converted_at": self._cut(record.closed_at)
                    if record.outcome == "won"
                    else None,
                    "deal": None
                    if record.deal is None
                    else self.telling.id(Ref("deal", record.deal)),
                    "owner": self.telling.owner(record.owner),
                    "is_deleted": record.is_deleted,
                }
            )
        return rows

    def moves(self) -> Rows:
        rows: Rows = []
        for ref in (*self.truth.refs("deal"), *self.truth.refs("lead")):
            before: tuple[str, str] | None = None
            for happening, _, record in steps(self.truth.happenings_of(ref, self.end)):
                here = (record.pipeline, record.place)
                if here == before:
                    continue
                place = self._place(record)
                rows.append(
                    {
                        "entity_type": ref.entity_type,
                        "entity": self.telling.id(ref),
                        "pipeline": place["pipeline"],
                        "from_stage": before
                        and self.telling.stage(ref.entity_type, *before, happening.at),
                        "to_stage": place["stage"],
                        "transitioned_at": self._cut(happening.at),
                    }
                )
                before = here
        return rows

    def days(self) -> Rows:
        rows: Rows = []
        zone = ZoneInfo(BUSINESS_TIMEZONE)
        for ref in self.truth.refs("deal"):
            past = self.truth.happenings_of(ref, self.end)
            states = [(h.at, record) for h, _, record in steps(past)]
            after_all = self.end + timedelta(microseconds=1)
            for (since, record), (until, _) in pairwise([*states, (after_all, None)]):
                if record is None or record.outcome != "open" or record.is_deleted:
                    continue
                # The days at whose end this state holds.
                day = since.astimezone(zone).date()
                while end_of(day) < until:
                    values = {**self._place(record), **self._values(record)}
                    rows.append({"snapshot_date": day, "deal": self.telling.id(ref), **values})
                    day += timedelta(days=1)
        return rows

    def _place(self, record: Record) -> dict[str, object]:
        kind, at = record.ref.entity_type, record.updated_at
        return {
            "pipeline": self.telling.pipeline(kind, record.pipeline, at),
            "stage": self.telling.stage(kind, record.pipeline, record.place, at),
        }

    def _values(self, record: Record) -> dict[str, object]:
        return {
            "amount": record.amount,
            "currency": record.currency,
            "expected_close_date": record.expected_close_date,
            "owner": self.telling.owner(record.owner),
        }

    def _cut(self, at: datetime | None) -> datetime | None:
        return None if at is None else datetime.fromisoformat(self.telling.time(at))


def closing(past: Sequence[Happening]) -> datetime | None:
    """Return when the latest run of closed outcomes began; null if there was none."""
    found: datetime | None = None
    for happening, before, record in steps(past):
        was_open = before is None or before.outcome == "open"
        if record.outcome != "open" and was_open:
            found = happening.at
    return found
