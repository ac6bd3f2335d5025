"""The spans of days that totals are forecast for, and what was won in them so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from orchestration.forecast.history import Flags, Ints, day_number
from orchestration.forecast.past import DIMENSIONS, Coded, Floats, Past
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.marts.periods import Period

PIPELINE = "pipeline"
LEADS = (30, 60, 90)
LEAD_NAMES = tuple(f"{days}d" for days in LEADS)


@dataclass(frozen=True)
class Window:
    """Days ``start`` to ``end`` (day numbers); both null for the whole pipeline, without end."""

    period: str
    start: int | None
    end: int | None

    def days_ahead(self, as_of: int) -> tuple[int, int]:
        """Return the days ahead after which, and until which, wins count."""
        if self.start is None or self.end is None:
            return 0, LONGEST_PATH
        return max(self.start - as_of - 1, 0), max(self.end - as_of, 0)

    def is_current(self, as_of: int) -> bool:
        """Whether overdue deals are expected in it: it has begun, or is the next days."""
        if self.start is None or self.end is None:
            return True
        begun = as_of + 1 if self.period in LEAD_NAMES else as_of
        return self.start <= begun <= self.end


def windows_of(periods: Sequence[Period]) -> list[Window]:
    """Return the windows of periods, and that of the whole pipeline."""
    named = [Window(p.kind, day_number(p.start), day_number(p.end)) for p in periods]
    return [*named, Window(PIPELINE, None, None)]


def lead_windows(as_of: date) -> list[Window]:
    """Return the next 30, 60 and 90 days as windows."""
    today = day_number(as_of)
    return [Window(f"{days}d", today + 1, today + days) for days in LEADS]


@dataclass(frozen=True)
class Segments:
    """Disjoint stretches of days ahead that windows are made of.

    ``edges`` are their borders, -1 and 0 the first: what is due by today stands in the first
    segment, and belongs to the current windows. ``members`` (windows, segments): 1 where a segment
    belongs to a window. Behind the last segment of the periods lies the pipeline's rest.
    """

    edges: Ints
    members: Floats

    @classmethod
    def of(cls, windows: Sequence[Window], as_of: int, further: Sequence[int] = ()) -> Segments:
        """Cut the days ahead at every border of a window, and at ``further`` ones."""
        bounds = [window.days_ahead(as_of) for window in windows]
        edges = np.unique(np.array([-1, 0, 1, *further, *(d for pair in bounds for d in pair)]))
        members = np.array(
            [[float(a <= edges[i] and edges[i + 1] <= b) for i in range(len(edges) - 1)]
             for a, b in bounds]
        )  # fmt: skip
        members[:, 0] = [window.is_current(as_of) for window in windows]
        return cls(edges, members)


def coded_dimensions(past: Past, scope: Mapping[str, Sequence[str]]) -> dict[str, Coded]:
    """Return every dimension of the spells, ``all`` first; ``scope`` names further values."""
    count = len(past.spells.deal)
    everything = Coded(np.zeros(count, dtype=np.int64), np.array(["all"], dtype=object))
    coded = {"all": everything}
    for name in DIMENSIONS:
        own = past.spells.dimensions[name]
        names = np.array(sorted({*own.names, *scope.get(name, ())}), dtype=object)
        codes = np.searchsorted(names, own.names)[own.codes] if count else own.codes
        coded[name] = Coded(codes, names)
    return coded


def values_without(coded: Coded, chosen: Flags) -> Flags:
    """Return the values of a dimension that have spells, and none of the chosen ones."""
    size = len(coded.names)
    there, found = (
        np.bincount(codes, minlength=size) > 0 for codes in (coded.codes, coded.codes[chosen])
    )
    return np.asarray(there & ~found)


def won_in(past: Past, windows: Sequence[Window], coded: Coded) -> Floats:
    """Return the amount won in each window up to ``as_of``, (values, windows), to the cent."""
    spells, won = past.spells, past.won
    amount = np.nan_to_num(spells.amount[won])
    end, codes = spells.end[won], coded.codes[won]
    totals = np.zeros((len(coded.names), len(windows)))
    for number, window in enumerate(windows):
        if window.start is None or window.end is None:
            continue
        inside = (end >= window.start) & (end <= min(window.end, past.as_of))
        totals[:, number] = np.bincount(
            codes[inside], weights=amount[inside], minlength=len(coded.names)
        )
    return np.round(totals, 2)
