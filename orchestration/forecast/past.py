"""The known past as arrays: states, spells of being open, and what each came to.

Everything that is measured for a forecast starts from here; nothing is estimated here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.forecast.history import (
    NEVER,
    UNKNOWN,
    DealHistory,
    Flags,
    Ints,
    day_number,
    days_of,
)

Floats = npt.NDArray[np.floating[Any]]
# As wide as days and row numbers need: a large company has tens of millions of them.
Narrow = np.int32
Texts = npt.NDArray[np.object_]

# How a spell of being open ends.
OPEN, WON, GONE = 0, 1, 2
# So many ends awaited before the first one, and not told, are no chance.
MISSED_ENDS = 20.0
DIMENSIONS = ("source_name", "pipeline", "owner", "team", "lead_source", "region")


@dataclass(frozen=True)
class Coded:
    """Texts as numbers: ``codes`` point into ``names``, which are in alphabetical order.

    Only names that occur are among them, so that what is not known yet leaves no trace.
    """

    codes: Ints
    names: Texts

    def take(self, rows: Ints | npt.NDArray[np.bool_]) -> Coded:
        """Return the rows' codes under the same names."""
        return Coded(self.codes[rows], self.names)


@dataclass(frozen=True)
class States:
    """Spans as arrays, one element a span, by deal and day; ``spell`` points into ``Spells``."""

    deal: Ints
    start: Ints
    end: Ints
    spell: Ints
    created: Ints
    entered: Ints
    expected: Ints
    position: Floats
    win_rate: Floats
    amount: Floats
    pushes: Ints
    backward: Ints
    crm: Floats
    stage: Coded
    dimensions: dict[str, Coded]


@dataclass(frozen=True)
class Spells:
    """Runs of days over which a deal was open, one element a run, by deal and day.

    ``end`` is the day of its closing, ``NEVER`` while it is open; ``first`` and ``last`` are its
    first and last state, -1 where it was opened and closed on one day.
    """

    deal: Ints
    start: Ints
    end: Ints
    cause: Ints
    amount: Floats
    first: Ints
    last: Ints
    dimensions: dict[str, Coded]


@dataclass(frozen=True)
class Past:
    """What is known at the end of day ``as_of`` (a day number)."""

    as_of: int
    states: States
    spells: Spells
    deal_names: pd.Index[Any]
    deal_hash: npt.NDArray[np.uint64]

    def at(self, day: int) -> Ints:
        """Return the rows of ``states`` in which open deals were at the end of a day."""
        return np.flatnonzero((self.states.start <= day) & (self.states.end > day))

    @cached_property
    def first_day(self) -> int:
        """Return the first day of which anything is known (``as_of`` where nothing is)."""
        start = self.spells.start
        return int(start.min()) if len(start) else self.as_of

    @cached_property
    def seen_from(self) -> int:
        """Return the day from which ends of deals are told.

        A source may know those deals only that were still open on its first day: the time before
        saw nothing end, which is no news of how deals fare (left truncation). Recognised by ends
        that should have been there, and aren't.
        """
        spells = self.spells
        ends = spells.end[spells.cause != OPEN]
        if not len(ends):
            return self.first_day
        first = int(ends.min())
        stop = np.minimum(spells.end, self.as_of)
        before = float(np.maximum(np.minimum(stop, first) - spells.start, 0).sum())
        behind = float(np.maximum(stop - np.maximum(spells.start, first), 0).sum())
        return first if before * len(ends) > MISSED_ENDS * max(behind, 1.0) else self.first_day

    def only(self, deals: Flags) -> Past:
        """Return the past of some deals, as if there were no others."""
        states, spells = self.states, self.spells
        of_state, of_spell = deals[states.deal], deals[spells.deal]
        number = np.cumsum(of_spell) - 1
        kept = {
            field.name: getattr(states, field.name)[of_state]
            for field in fields(States)
            if field.name not in ("stage", "dimensions", "spell")
        }
        place = np.cumsum(of_state) - 1
        first, last = (
            np.where(edge < 0, -1, place[np.maximum(edge, 0)])[of_spell] if len(place) else edge
            for edge in (spells.first, spells.last)
        )
        return Past(
            self.as_of,
            States(
                **kept, spell=number[states.spell[of_state]], stage=states.stage.take(of_state),
                dimensions={name: c.take(of_state) for name, c in states.dimensions.items()},
            ),
            Spells(
                spells.deal[of_spell], spells.start[of_spell], spells.end[of_spell],
                spells.cause[of_spell], spells.amount[of_spell], first, last,
                {name: c.take(of_spell) for name, c in spells.dimensions.items()},
            ),
            self.deal_names, self.deal_hash,
        )  # fmt: skip

    @cached_property
    def won(self) -> Ints:
        """Return the won spells that stand: each deal's latest closing while it is closed."""
        spells = self.spells
        last_of_deal = np.r_[
            spells.deal[1:] != spells.deal[:-1], np.ones(min(len(spells.deal), 1), bool)
        ]
        return np.flatnonzero((spells.cause == WON) & last_of_deal)


def past_of(history: DealHistory, as_of: date) -> Past:
    """Return the past that was known at the end of a day as arrays."""
    known = history.known_at(as_of)
    spans, closings = known.spans, known.closings
    deal = spans["deal_key"].cat.codes.to_numpy().astype(np.int64)
    start = days_of(spans["valid_from"])
    closing_deal = closings["deal_key"].cat.codes.to_numpy().astype(np.int64)
    closed = days_of(closings["closed_on"])
    wide = np.int64(10**8)
    # The closing that ends a state is the deal's first one after the state's begin.
    ending = np.searchsorted(closing_deal * wide + closed, deal * wide + start, side="right")
    ends = ending < len(closed)
    ends[ends] = closing_deal[ending[ends]] == deal[ends]
    run = np.where(ends, ending, -1)
    is_first = np.r_[
        np.ones(min(len(deal), 1), bool), (deal[1:] != deal[:-1]) | (run[1:] != run[:-1])
    ]
    spell_of_state = np.cumsum(is_first) - 1
    first = np.flatnonzero(is_first)
    last = np.r_[first[1:] - 1, len(deal) - 1][: len(first)]
    outcome = _cause(closings["outcome"])
    closing_amount = closings["amount"].to_numpy()

    without = np.setdiff1d(np.arange(len(closed)), run[first])
    created = days_of(spans["created_on"])
    closing_created = days_of(closings["created_on"])
    reopened = (
        np.r_[False, closing_deal[1:] == closing_deal[:-1]] if len(closed) else np.zeros(0, bool)
    )
    opened = np.where(
        (closing_created < NEVER) & ~reopened, np.minimum(closing_created, closed), closed
    )
    at_end = run[first]
    spell_deal = np.r_[deal[first], closing_deal[without]]
    # A deal's first state may begin later than the deal: its age counts from the creation.
    is_deals_first = np.r_[np.ones(min(len(first), 1), bool), deal[first][1:] != deal[first][:-1]]
    begin = np.where(is_deals_first, np.minimum(created[first], start[first]), start[first])
    spell_start = np.r_[begin, opened[without]]
    has_end = at_end >= 0
    safe = np.maximum(at_end, 0)
    spell_end = np.r_[np.where(has_end, _pick(closed, safe), NEVER), closed[without]]
    cause = np.r_[np.where(has_end, _pick(outcome, safe), OPEN), outcome[without]]
    amount = np.r_[np.where(has_end, _pick(closing_amount, safe), np.nan), closing_amount[without]]
    closing_of = np.r_[at_end, without]
    spell_first = np.r_[first, np.full(len(without), -1)]
    spell_last = np.r_[last, np.full(len(without), -1)]
    order = np.lexsort((spell_end, spell_start, spell_deal))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))

    dimensions, spell_dimensions = {}, {}
    for name in DIMENSIONS:
        state_codes, spell_codes = _coded_together(
            spans[name], closings.get(name), spell_last, closing_of
        )
        dimensions[name] = state_codes
        spell_dimensions[name] = spell_codes.take(order)
    position = spans["stage_position"].to_numpy()
    back = np.r_[False, (deal[1:] == deal[:-1]) & (position[1:] < position[:-1])][: len(deal)]
    steps = np.cumsum(back)
    deals_first = np.r_[np.ones(min(len(deal), 1), bool), deal[1:] != deal[:-1]]
    base = np.maximum.accumulate(np.where(deals_first, steps, 0)) if len(deal) else steps
    states = States(
        deal=_narrow(deal), start=_narrow(start), end=_narrow(days_of(spans["valid_to"])),
        spell=_narrow(rank[spell_of_state]),
        created=_narrow(np.where(created < NEVER, created, start)),
        entered=_narrow(np.minimum(days_of(spans["stage_entered_on"]), start)),
        expected=_narrow(days_of(spans["expected_close_date"])), position=position,
        win_rate=spans["win_rate"].to_numpy(), amount=spans["amount"].to_numpy(),
        pushes=_narrow(np.nan_to_num(spans["push_count"].to_numpy())),
        backward=_narrow(steps - base), crm=spans["crm_probability"].to_numpy(),
        stage=_coded(spans["stage"]), dimensions=dimensions,
    )  # fmt: skip
    spells = Spells(
        _narrow(spell_deal[order]), _narrow(spell_start[order]), _narrow(spell_end[order]),
        _narrow(cause[order]), amount[order], _narrow(spell_first[order]),
        _narrow(spell_last[order]), spell_dimensions,
    )  # fmt: skip
    names = spans["deal_key"].cat.categories
    return Past(day_number(as_of), states, spells, names, pd.util.hash_array(np.asarray(names)))


def _narrow(values: npt.NDArray[Any]) -> Ints:
    return np.asarray(values.astype(Narrow))


def _pick(values: npt.NDArray[Any], rows: Ints) -> npt.NDArray[Any]:
    return values[rows] if len(values) else np.zeros(len(rows), dtype=values.dtype)


def _cause(outcomes: pd.Series[Any]) -> Ints:
    is_won = np.asarray(outcomes.cat.categories == "won")
    codes = outcomes.cat.codes.to_numpy()
    return np.where(is_won[codes], WON, GONE) if len(codes) else np.zeros(0, dtype=np.int64)


def _coded(column: pd.Series[Any]) -> Coded:
    codes = column.cat.codes.to_numpy()
    names = np.asarray(column.cat.categories, dtype=object)
    return _compact(codes, names)


def _compact(codes: Ints, names: Texts) -> Coded:
    seen = np.bincount(codes, minlength=len(names)) > 0
    return Coded(_narrow(np.cumsum(seen) - 1)[codes], names[seen])


def _coded_together(
    states: pd.Series[Any], closings: pd.Series[Any] | None, last: Ints, closing: Ints
) -> tuple[Coded, Coded]:
    """Return the codes of states and of spells under the same names.

    A spell has its closing's value where one is told, else its last state's.
    """
    state_names = np.asarray(states.cat.categories, dtype=object)
    closing_names = (
        np.asarray(closings.cat.categories, dtype=object)
        if closings is not None
        else np.array([], dtype=object)
    )
    names = np.array(sorted({*state_names, *closing_names, UNKNOWN}), dtype=object)
    state_codes = (
        _narrow(np.searchsorted(names, state_names))[states.cat.codes.to_numpy()]
        if len(states)
        else np.zeros(0, Narrow)
    )
    spell_codes = np.full(len(last), int(np.searchsorted(names, UNKNOWN)), dtype=Narrow)
    has_state = last >= 0
    spell_codes[has_state] = state_codes[last[has_state]]
    if closings is not None and len(closings):
        told = np.searchsorted(names, closing_names)[closings.cat.codes.to_numpy()]
        has_closing = closing >= 0
        spell_codes[has_closing] = told[closing[has_closing]]
    both = _compact(np.r_[state_codes, spell_codes], names)
    return Coded(both.codes[: len(state_codes)], both.names), Coded(
        both.codes[len(state_codes) :], both.names
    )
