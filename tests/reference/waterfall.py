"""What moved the pipeline, day by day and deal by deal, summed by period and dimension value.

Every morning the rates of the day revalue what stands there; then the day's events are replayed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.reference.lives import Life, Place, Standing, status_after
from tests.reference.periods import KINDS, period_of, periods_between
from tests.reference.rates import Rates

AMOUNTS = (
    *("opening", "new", "reopened", "increased", "decreased", "fx", "transferred_in"),
    *("transferred_out", "won", "lost", "removed", "closing"),
)
COUNTS = tuple(f"{name}_count" for name in AMOUNTS)
Key = tuple[str, date, str, str]
Row = dict[str, Decimal]


@dataclass(frozen=True)
class Movement:
    """One entry of one deal in one bucket, in every dimension of ``place`` that is named."""

    day: date
    bucket: str
    place: Place
    amount: Decimal


def waterfall_of(lives: Sequence[Life], rates: Rates, as_of: date) -> dict[Key, Row]:
    """Return amounts and counts by period, its start, dimension and value, where there are any."""
    rows: dict[Key, Row] = {}

    def add(key: Key, bucket: str, amount: Decimal, count: int = 1) -> None:
        row = rows.setdefault(key, dict.fromkeys((*AMOUNTS, *COUNTS), Decimal(0)))
        row[bucket] += amount
        row[f"{bucket}_count"] += count

    for life in lives:
        revalued: defaultdict[Key, Decimal] = defaultdict(Decimal)
        for move in movements_of(life, rates, as_of):
            for kind in KINDS:
                start = period_of(kind, move.day).start
                for dimension, value in move.place.items():
                    key = (kind, start, dimension, value)
                    if move.bucket == "fx":
                        revalued[key] += move.amount
                    else:
                        add(key, move.bucket, move.amount)
        for key, amount in revalued.items():
            add(key, "fx", amount, count=int(amount != 0))
        for period in periods_between(life.created_on, as_of):
            last = min(period.end, as_of)
            for bucket, day in (("opening", period.start - timedelta(days=1)), ("closing", last)):
                standing = life.at_end_of(day)
                if standing.is_open:
                    for dimension, value in standing.place.items():
                        key = (period.kind, period.start, dimension, value)
                        add(key, bucket, _worth(standing, rates, day))
    return rows


def movements_of(life: Life, rates: Rates, as_of: date) -> Iterator[Movement]:
    """Yield everything that moved the pipeline because of one deal, in time order."""
    day = life.created_on
    while day <= as_of:
        midnight = life.clock.start_of(day)
        overnight = life.before(midnight)
        if overnight.is_open:
            change = _worth(overnight, rates, day) - _worth(
                overnight, rates, day - timedelta(days=1)
            )
            if change:
                yield Movement(day, "fx", overnight.place, change)
        for at in sorted({midnight, *life.instants(midnight, life.clock.end_of(day))}):
            before, after = life.before(at), life.at(at)
            yield from _transfer(day, before, after, rates)
            yield from _replay(life, day, at, before, after, rates)
        day += timedelta(days=1)


def _transfer(day: date, before: Standing, after: Standing, rates: Rates) -> Iterator[Movement]:
    changed = [name for name in after.place if before.place[name] != after.place[name]]
    if before.is_open and changed:
        worth = _worth(before, rates, day)
        left = {name: before.place[name] for name in changed}
        joined = {name: after.place[name] for name in changed}
        yield Movement(day, "transferred_out", left, -worth)
        yield Movement(day, "transferred_in", joined, worth)


def _replay(
    life: Life, day: date, at: object, before: Standing, after: Standing, rates: Rates
) -> Iterator[Movement]:
    """Yield the change of the amount and the comings and goings of one instant."""
    numbers = [n for n, t in enumerate(life.transitions) if t.transitioned_at == at]
    steps = [
        (status_after(life.transitions[:n]), status_after(life.transitions[: n + 1]))
        for n in numbers
    ]
    held, told = _worth(before, rates, day), _worth(after, rates, day)
    if ("open", "lost") not in steps:
        if before.is_open and told != held:
            bucket = "increased" if told > held else "decreased"
            yield Movement(day, bucket, after.place, told - held)
        held = told
    for number, (was, now) in zip(numbers, steps, strict=True):
        if was != "open" and now == "open":
            is_first = life.transitions[number].transition_type == "created"
            yield Movement(day, "new" if is_first else "reopened", after.place, held)
        elif was == "open" and now != "open":
            yield Movement(day, str(now), after.place, -held)
        if (was, now) == ("open", "lost"):
            held = told


def _worth(standing: Standing, rates: Rates, day: date) -> Decimal:
    return rates.worth(standing.amount, standing.currency, day)
