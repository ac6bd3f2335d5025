"""Open deals as they stood on past days, and what became of them: what chances are learned from.

A landmark super-model's data (van Houwelingen, Scand. J. Statist. 34, 2007): each deal open on a
landmark day, followed over bins of lead time to being won, to ending otherwise, or to the day up to
which anything is known. Landmarks lie months apart, so that each third one is at the same place of
its quarter as today. Only rows and their factors belong here, nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from orchestration.forecast.hazards import Factor
from orchestration.forecast.history import NEVER, Flags, Ints, dates_of
from orchestration.forecast.past import Floats, Past
from orchestration.forecast.sharpening import WAITED
from orchestration.forecast.tempo import left_of_quarter, place_in_quarter, quarter_class

MOST_LANDMARKS = 40
# Rows to learn from; more say nothing new of some two hundred effects.
MOST_ROWS = 7_000
# Borders of the bins of lead time in days; followed up to the last but two.
BINS = np.array([0, 7, 15, 30, 60, 100, 184, 365, 731])
FOLLOWED_DAYS = 184
# Up to this lead, bins are cut where parts of a quarter's last two weeks begin and end: what waits
# for its last day is won the faster, the nearer that is. How many parts, and turns within the lead.
CUT_DAYS, PUSH_PARTS, MOST_TURNS = 100, 3, 8
CLOSINGS = PUSH_PARTS + 3
LEADS_LEARNED = 6
AGES = np.array([3, 8, 15, 22, 31, 46, 61, 91, 121, 181, 366])
STAGE_AGES = np.array([3, 8, 15, 22, 31, 46, 61, 91, 181])
AMOUNT_STEPS = np.array([-1.2, -0.5, 0.0, 0.5, 1.2, 2.0])
OPINIONS = np.array([0.1, 0.25, 0.4, 0.6, 0.75, 0.9])
PLACES = 5
# Days in a stage from which a deal may be one that waits.
WAITS = np.array([12, 30])
WAITED_AT = 1
RELATIONS = 9


@dataclass(frozen=True)
class Rows:
    """Deals on landmark days: ``state`` points into the past's states, ``day`` is the landmark."""

    state: Ints
    day: Ints


@dataclass(frozen=True)
class Cells:
    """Rows × bins of lead time over which a deal was followed, one element a pair.

    ``after`` and ``until`` are the days between which the deal could be seen to end, ``lead`` the
    number of its bin; ``won`` and ``gone`` tell whether it ended so (0 or 1).
    """

    row: Ints
    lead: Ints
    bin_after: Ints
    bin_until: Ints
    after: Ints
    until: Ints
    won: Floats
    gone: Floats


def landmark_rows(past: Past) -> Rows:
    """Return all deals open on the landmark days, the newest landmark first."""
    states, days = [], []
    for number in range(1, MOST_LANDMARKS + 1):
        day = _months_before(past.as_of, number)
        if day < past.seen_from:
            break
        at = past.at(day)
        states.append(at)
        days.append(np.full(len(at), day, dtype=np.int64))
    if not states:
        return Rows(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    return Rows(np.concatenate(states), np.concatenate(days))


def is_like_today(past: Past, day: Ints) -> Flags:
    """Whether landmark days are at the same place of their quarter as today."""
    today = _month(np.array([past.as_of]))
    return np.asarray((today - _month(day)) % 3 == 0)


def is_in_season(past: Past, day: Ints) -> Flags:
    """Whether landmark days are of the same month of the year as today."""
    today = _month(np.array([past.as_of]))
    return np.asarray((today - _month(day)) % 12 == 0)


def _months_before(day: int, count: int) -> int:
    """Return the day so many months before that is as far from its month's end, as far as may be.

    Days counted off evenly would leave the quarter's last weeks after some quarters.
    """
    month = _month(np.array([day])) - np.array([0, count])
    starts, ends = (
        months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        for months in (month, month + 1)
    )
    return int(max(ends[1] - (ends[0] - day), starts[1]))


def _month(day: Ints) -> Ints:
    return np.asarray(dates_of(day).astype("datetime64[M]").astype(np.int64))


def sampled(past: Past, rows: Rows, most: int = MOST_ROWS) -> Rows:
    """Return rows of as many deals as give at most about ``most`` rows, the same deals each time.

    A deal is chosen by a hash of its key: what else is known does not change the choice.
    """
    if len(rows.day) <= most:
        return rows
    share = most / len(rows.day)
    mark = past.deal_hash[past.states.deal[rows.state]] ^ rows.day.astype(np.uint64) * np.uint64(
        0x9E3779B97F4A7C15
    )
    chosen = (mark % np.uint64(1_000_003)).astype(np.float64) < share * 1_000_003
    return Rows(rows.state[chosen], rows.day[chosen])


def followed(past: Past, rows: Rows, quarter_phase: int, until_lead: int = FOLLOWED_DAYS) -> Cells:
    """Follow rows to the end of the deal's being open, or as far as the past is known."""
    spells = past.spells
    spell = past.states.spell[rows.state]
    end, cause = spells.end[spell], spells.cause[spell]
    stop = np.minimum(end, past.as_of)
    turns = _turns(rows.day, quarter_phase)
    pieces = []
    for lead in range(len(BINS) - 1):
        if BINS[lead] >= until_lead:
            break
        at_risk = np.flatnonzero(stop > rows.day + BINS[lead])
        borders = _borders(BINS[lead : lead + 2], turns[:, at_risk])
        for begin, close in pairwise(borders):
            inside = np.flatnonzero((close > begin) & (stop[at_risk] > rows.day[at_risk] + begin))
            row, begin, close = at_risk[inside], begin[inside], close[inside]
            until = np.minimum(stop[row], rows.day[row] + close)
            ended = (end[row] <= rows.day[row] + close) & (end[row] <= past.as_of)
            pieces.append(
                (
                    row, np.full(len(row), min(lead, LEADS_LEARNED - 1)), begin, close,
                    rows.day[row] + begin, until,
                    (ended & (cause[row] == 1)).astype(np.float64),
                    (ended & (cause[row] == 2)).astype(np.float64),
                )
            )  # fmt: skip
    return Cells(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))


def ahead(day: Ints, edges: Ints, quarter_phase: int) -> tuple[Cells, Ints]:
    """Return the cells of rows, by their days, between the edges (days ahead, the first is 0).

    And the cells' borders, (cells + 1, rows): bins of lead time are cut at the edges, and some
    cells may be empty. Elements run over borders, then rows.
    """
    cuts = np.unique(np.concatenate([edges, BINS[edges[-1] > BINS]]))
    borders = _borders(cuts, _turns(day, quarter_phase))
    if len(day):
        borders = borders[np.r_[True, (np.diff(borders, axis=0) > 0).any(axis=1)]]
    count = len(borders) - 1
    after, until = borders[:-1].reshape(-1), borders[1:].reshape(-1)
    lead = np.searchsorted(BINS, borders[:-1], side="right") - 1
    row = np.tile(np.arange(len(day)), count)
    none = np.zeros(len(row))
    lead = np.minimum(lead, LEADS_LEARNED - 1).reshape(-1)
    return Cells(row, lead, after, until, after, until, none, none), borders


def _turns(day: Ints, quarter_phase: int) -> Ints:
    """Return after how many days parts of a quarter's last weeks begin or end, (turns, rows)."""
    first = int(day.min(initial=0))
    days = np.arange(first, int(day.max(initial=0)) + CUT_DAYS + 1)
    part = np.minimum(quarter_class(days + 1, quarter_phase), PUSH_PARTS)
    changes = days[np.flatnonzero(np.diff(part)) + 1]
    begin = np.searchsorted(changes, day, side="right")
    at = np.minimum(begin + np.arange(MOST_TURNS)[:, None], len(changes) - 1)
    return (
        np.asarray(changes[at] - day) if len(changes) else np.zeros((0, len(day)), dtype=np.int64)
    )


def _borders(cuts: Ints, turns: Ints) -> Ints:
    """Return the cuts with the turns of each row among them, (borders, rows)."""
    shared = np.repeat(cuts[:, None], turns.shape[1], axis=1)
    between = np.where(turns < CUT_DAYS, np.clip(turns, cuts[0], cuts[-1]), cuts[0])
    return np.sort(np.concatenate([shared, between]), axis=0)


@dataclass(frozen=True)
class Lens:
    """How deals are looked at: levels of every factor, fixed by what is known as a whole."""

    past: Past
    median_amounts: Floats  # by pipeline
    most_position: Floats  # by pipeline
    stage_keys: Ints  # of states
    stages: int
    quarter_phase: int

    def deal_factors(self, rows: Rows) -> list[Factor]:
        """Return what is known of a deal on its day, whatever lies ahead."""
        states = self.past.states
        at, day = rows.state, rows.day
        pipeline = states.dimensions["pipeline"].codes[at]
        amount = states.amount[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.log(amount / self.median_amounts[pipeline])
        size = np.where(
            np.isfinite(relative) & (amount > 0), 1 + np.searchsorted(AMOUNT_STEPS, relative), 0
        )
        # What waits for the quarter's end shows in the late stages before it.
        season = place_in_quarter(day, self.quarter_phase)
        crm = states.crm[at]
        opinion = np.where(np.isfinite(crm), 1 + np.searchsorted(OPINIONS, crm), 0)
        factors = [
            Factor("stage", self.stage_keys[at], self.stages, 0.3),
            Factor("place", self._place(at), PLACES + 1, 0.4),
            Factor("stage_age", self._stage_age(rows), len(STAGE_AGES) + 1),
            Factor(
                "age", np.searchsorted(AGES, day - states.created[at], side="right"), len(AGES) + 1
            ),
            Factor("pushes", np.minimum(states.pushes[at], 4), 5),
            Factor("quarter_place", season * (PLACES + 1) + self._place(at), 3 * (PLACES + 1)),
            Factor("backward", np.minimum(states.backward[at], 2), 3),
            Factor("amount", size, len(AMOUNT_STEPS) + 2),
            Factor("opinion", opinion, len(OPINIONS) + 2),
        ]
        for name in ("owner", "team", "lead_source", "region"):
            coded = states.dimensions[name]
            if len(coded.names) > 1:
                factors.append(Factor(name, coded.codes[at], len(coded.names)))
        return factors

    def lead_factors(self, rows: Rows, cells: Cells) -> list[Factor]:
        """Return what depends on the lead time, too, one level a cell."""
        states = self.past.states
        at, day = rows.state[cells.row], rows.day[cells.row]
        group, groups = cells.lead, LEADS_LEARNED
        expected = states.expected[at]
        due = expected - day
        relation = np.select(
            [
                expected >= NEVER, due < -30, due <= 0, cells.bin_until + 30 < due,
                cells.bin_until < due, cells.bin_after < due, cells.bin_after < due + 14,
                cells.bin_after < due + 45,
            ],
            [0, 1, 2, 3, 4, 5, 6, 7], 8,
        )  # fmt: skip
        # What waits for the quarter's end is won in its last two weeks, from the late stages; what
        # is left after it waits for another one.
        waited = day + WAITED_AT * cells.bin_after - self.past.states.entered[at]
        is_after = cells.bin_after >= left_of_quarter(day + 1, self.quarter_phase)
        closing = closing_part(day, cells, self.quarter_phase)
        closing = np.where(is_after & (closing == 0), CLOSINGS - 1, closing)
        waits = np.searchsorted(WAITS, waited, side="right")
        pull = (closing * (PLACES + 1) + self._place(at)) * (len(WAITS) + 1) + waits
        return [
            Factor("pull", pull, CLOSINGS * (PLACES + 1) * (len(WAITS) + 1), 0.5),
            Factor("lead", cells.lead, LEADS_LEARNED),
            Factor("place_lead", self._place(at) * groups + group, (PLACES + 1) * groups, 0.4),
            Factor("stage_lead", self.stage_keys[at] * groups + group, self.stages * groups, 0.25),
            Factor("due_lead", relation * groups + group, RELATIONS * groups),
        ]

    def waiting(self, rows: Rows, leads: Ints) -> Ints:
        """Return the kind of waiting for each lead and row, 0 where there is none.

        A deal in its last stage waits if a quarter ends within the lead; the kind tells how long it
        has been there then.
        """
        until = left_of_quarter(rows.day + 1, self.quarter_phase)
        waited = rows.day + until - self.past.states.entered[rows.state]
        kind = 1 + np.searchsorted(WAITED, waited, side="right")
        waits = (self._place(rows.state) == PLACES - 1) & (until <= leads[:, None])
        return np.where(waits, kind, 0)

    def _place(self, at: Ints) -> Ints:
        """How far along its pipeline's stages, in fifths; the last level: not known."""
        states = self.past.states
        position = states.position[at]
        most = self.most_position[states.dimensions["pipeline"].codes[at]]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (position - 1) / np.maximum(most - 1, 1)
        known = np.isfinite(share)
        return np.where(
            known, np.rint(np.clip(np.where(known, share, 0), 0, 1) * (PLACES - 1)), PLACES
        ).astype(np.int64)

    def _stage_age(self, rows: Rows) -> Ints:
        age = rows.day - self.past.states.entered[rows.state]
        return np.searchsorted(STAGE_AGES, age, side="right")


def closing_part(day: Ints, cells: Cells, quarter_phase: int) -> Ints:
    """Return the part of a quarter's last two weeks that each cell lies in.

    0: none, then from the first part to the last days; one more where it lies there partly.
    """
    first, last = int(day.min(initial=0)), int((day + cells.bin_until).max(initial=0))
    part = np.maximum(PUSH_PARTS - quarter_class(np.arange(first, last + 2), quarter_phase), 0)
    begins, ends = day + cells.bin_after + 1 - first, day + cells.bin_until - first
    late = np.cumsum(np.r_[0, part > 0])
    is_cut = (part[begins] == part[ends]) & (cells.bin_until <= CUT_DAYS)
    is_partly = late[ends + 1] > late[begins]
    return np.where(is_cut, part[begins], np.where(is_partly, PUSH_PARTS + 1, 0))


def lens_of(past: Past, quarter_phase: int) -> Lens:
    """Fix the levels of the factors on what is known."""
    states = past.states
    pipelines = states.dimensions["pipeline"]
    count = len(pipelines.names)
    medians, most = np.ones(count), np.ones(count)
    for code in range(count):
        inside = pipelines.codes == code
        amounts = states.amount[inside]
        amounts = amounts[np.isfinite(amounts) & (amounts > 0)]
        medians[code] = np.median(amounts) if len(amounts) else 1.0
        positions = states.position[inside]
        positions = positions[np.isfinite(positions)]
        most[code] = positions.max() if len(positions) else 1.0
    combined = pipelines.codes * max(len(states.stage.names), 1) + states.stage.codes
    names, keys = np.unique(combined, return_inverse=True)
    return Lens(past, medians, most, keys.reshape(-1), max(len(names), 1), quarter_phase)


def per_cell(factors: list[Factor], cells: Cells) -> list[Factor]:
    """Return a deal's factors repeated for each of its cells."""
    return [replace(factor, levels=factor.levels[cells.row]) for factor in factors]
