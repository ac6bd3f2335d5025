"""Rates that the measured paths of stages imply for a deal: where learning starts from.

Where the odds of losing are seen to move, paths are measured for several leanings, and a deal is
given those of the time that it goes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.forecast.aging import AGE_BINS, Slopes
from orchestration.forecast.hazards import Factor
from orchestration.forecast.history import Flags, Ints
from orchestration.forecast.landmarks import BINS, Cells, Rows, closing_part
from orchestration.forecast.leaning import Leaning
from orchestration.forecast.measured import Measured, measure
from orchestration.forecast.pace import Pace
from orchestration.forecast.past import GONE, WON, Floats, Past
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.stays import Stays

LEAST_AT_RISK = 0.25
# With fewer deals, paths are cross-fitted in five folds, else in two.
MANY_SPELLS = 1_500
# Steps of the implied rates beside the average, on the log scale.
RATIOS = np.array([-3.0, -2.0, -1.2, -0.5, 0.0, 0.5, 1.0, 1.5])
# Leanings that paths are measured at, from the least seen to the most awaited.
NODES = 3
AWAITED_DAYS = 120
LEAST_RATE = 1e-9


@dataclass(frozen=True)
class Implied:
    """Paths of all deals, and of all but one fold each, at every leaning of ``nodes``.

    While learning, a deal's rates come from the paths of the other deals: its own end is not
    among what they were measured on, so that their worth shows (cross-fitting).
    """

    past: Past
    leaning: Leaning
    pace: Pace
    nodes: Floats
    measured: Sequence[Measured]
    others: Sequence[Sequence[Measured]]
    average: tuple[float, float]
    phase: int

    def log_rates(self, rows: Rows, cells: Cells, is_learning: bool) -> Floats:
        """Return log rates a day of being won and of ending otherwise, (2, nodes, cells)."""
        last = int(np.searchsorted(BINS, cells.bin_until.max(initial=1))) + 1
        edges = np.r_[BINS, 2 * BINS[-1]][: last + 1]
        states = self.past.states
        rates = np.zeros((2, len(self.nodes), len(rows.day), last))
        fold = _folds(self.past, len(self.others))[rows.state]
        for number, paths in enumerate(self.others if is_learning else (self.measured,)):
            mine = np.flatnonzero(fold == number) if is_learning else np.arange(len(fold))
            at = rows.state[mine]
            for node, measured in enumerate(paths):
                rates[0, node, mine], rates[1, node, mine] = measured.rates(
                    states.dimensions["pipeline"].codes[at], states.stage.codes[at],
                    self._age(rows.day[mine], states.entered[at]), edges, self.average,
                )  # fmt: skip
        return np.log(np.maximum(self._on_calendar(rates, edges, rows, cells), LEAST_RATE))

    @cached_property
    def _is_last(self) -> Flags:
        """Whether each state is in the last stage of its pipeline."""
        states = self.past.states
        pipeline = states.dimensions["pipeline"]
        position = np.nan_to_num(states.position)
        last = np.zeros(len(pipeline.names))
        np.maximum.at(last, pipeline.codes, position)
        return np.asarray((position > 0) & (position == last[pipeline.codes]))

    def _age(self, day: Ints, since: Ints) -> Ints:
        passed = self.pace.between(since, day)
        unseen = np.maximum(self.pace.first - since, 0)
        return np.clip(np.rint(passed + unseen).astype(np.int64), 0, LONGEST_PATH)

    def _on_calendar(self, rates: Floats, edges: Ints, rows: Rows, cells: Cells) -> Floats:
        """Return rates a day of the calendar over each cell, of rates on the pace's clock."""
        risen = np.concatenate(
            [np.zeros((*rates.shape[:3], 1)), np.cumsum(rates * np.diff(edges), axis=3)], axis=3
        )
        day = rows.day[cells.row]
        # What is about to be won waits for the quarter's end, whatever the pace of work.
        waits = self._is_last[rows.state][cells.row] & (closing_part(day, cells, self.phase) > 0)
        after = self.pace.between(day, day + cells.bin_after)
        until = self.pace.between(day, day + cells.bin_until)
        until = np.where(waits, after + cells.bin_until - cells.bin_after, until)
        ends = []
        for passed in (after, until):
            time = np.minimum(passed, edges[-1])
            at = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, len(edges) - 2)
            ends.append(
                risen[:, :, cells.row, at] + rates[:, :, cells.row, at] * (time - edges[at])
            )
        days = np.maximum(cells.bin_until - cells.bin_after, 1)
        return np.asarray((ends[1] - ends[0]) / days)

    def at(self, log_rates: Floats, leaning: Floats) -> Floats:
        """Return the log rates, (2, cells), at each cell's leaning."""
        if len(self.nodes) == 1:
            return log_rates[:, 0]
        place = (leaning - self.nodes[0]) / (self.nodes[1] - self.nodes[0])
        low = np.clip(np.floor(place).astype(np.int64), 0, len(self.nodes) - 2)
        share = np.clip(place - low, -1.0, 2.0)
        each = np.arange(log_rates.shape[2])
        before, behind = log_rates[:, low, each], log_rates[:, low + 1, each]
        return np.asarray(before + share[None] * (behind - before))

    def expected(self, rows: Rows, cells: Cells, is_learning: bool) -> Floats:
        """Return the log rates, (2, cells), at the leaning that is the likeliest."""
        logs = self.log_rates(rows, cells, is_learning)
        return self.at(logs, self.leaning.mean(rows.day[cells.row] + cells.bin_until // 2))

    def worth(self, log_rates: Floats, cause: int) -> Factor:
        """Return as a factor how high the implied rates are beside the average."""
        level = np.searchsorted(RATIOS, log_rates[cause] - np.log(self.average[cause]))
        return Factor("implied", level, len(RATIOS) + 1, 0.2, len(RATIOS) + 1)

    def slopes(self) -> tuple[Slopes | None, Slopes | None]:
        """Return how rates of a new deal move with the leaning, of being won and of ending."""
        if len(self.nodes) == 1:
            return None, None
        low, high = (self._rates_by_age(paths) for paths in (self.measured[0], self.measured[-1]))
        gap = float(self.nodes[-1] - self.nodes[0])
        days = np.arange(self.past.first_day, self.past.as_of + 1)
        daily = self.leaning.mean(days)
        won, gone = (
            Slopes(np.clip(np.log(after / before) / gap, -4.0, 4.0), daily)
            for before, after in zip(low, high, strict=True)
        )
        return won, gone

    def _rates_by_age(self, measured: Measured) -> Floats:
        """Return rates a day of new deals by age, of being won and of ending, (2, bins)."""
        spells, states = self.past.spells, self.past.states
        pipeline = spells.dimensions["pipeline"].codes
        ended, exposed = np.zeros((2, len(AGE_BINS) - 1)), np.zeros(len(AGE_BINS) - 1)
        borders = np.minimum(AGE_BINS, LONGEST_PATH)
        for code, path in measured.paths.items():
            first = spells.first[(pipeline == code) & (spells.first >= 0)]
            place = measured.places[code][states.stage.codes[first]]
            begun = np.bincount(place[place >= 0], minlength=len(path.stages)).astype(np.float64)
            both = np.stack([begun @ path.won, begun @ path.gone])
            still = np.cumsum(begun.sum() - both.sum(axis=0))
            ended += np.diff(both[:, borders], axis=1)
            exposed += np.diff(still[borders])
        return np.asarray((ended + 1e-3) / (exposed + 1.0))


def fit_implied(
    past: Past, stays: Stays, leaning: Leaning, pace: Pace, half_life: float, quarter_phase: int
) -> Implied:
    """Measure the paths; stays that ended ``half_life`` days ago count half."""
    spells = past.spells
    days = float((np.minimum(spells.end, past.as_of) - spells.start + 1).sum())
    average = tuple((float((spells.cause == c).sum()) + 0.5) / max(days, 1.0) for c in (WON, GONE))
    nodes = np.zeros(1)
    if leaning.change:
        met = leaning.mean(np.arange(past.first_day, past.as_of + AWAITED_DAYS))
        nodes = np.linspace(float(met.min()), float(met.max()), NODES)
    count = 2 if len(spells.deal) >= MANY_SPELLS else 5
    fold = _folds(past, count)

    def measured(chosen: Ints | None) -> list[Measured]:
        deals = None if chosen is None else chosen.astype(bool)
        return [
            measure(
                past, deals, LEAST_AT_RISK, half_life, stays,
                (leaning, float(node)) if leaning.change else None, pace,
            )
            for node in nodes
        ]  # fmt: skip

    others = [measured((fold != number).astype(np.int64)) for number in range(count)]
    return Implied(
        past, leaning, pace, nodes, measured(None), others, (average[0], average[1]), quarter_phase
    )


def _folds(past: Past, count: int) -> Ints:
    """Return the fold that each state's deal is in, by its key."""
    mark = past.deal_hash[past.states.deal] >> np.uint64(7)
    return (mark % np.uint64(count)).astype(np.int64)
