"""The clock that deals run on: a year's slow months are shorter on it than its busy ones.

How fast stays in stages end, month by month of the year, is measured on all ends but wins, of
which there are many; ages and leads counted on such a clock carry the season to everything that
takes several stages. Operational time, as in Aalen's and Gjessing's "Understanding the shape of
the hazard rate", Statist. Sci. 16, 2001.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.history import Ints
from orchestration.forecast.past import GONE, Floats, Past
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.stays import Stays
from orchestration.forecast.tempo import fit_tempo, month_effects

STAY_BINS = np.array([0, 3, 8, 15, 22, 31, 46, 61, 91, 181, LONGEST_PATH])
# Below, a month's pace can't be told from the level.
LEAST_DAYS = 400


@dataclass(frozen=True)
class Pace:
    """Hands of the clock at the end of each day from ``first`` on, far enough ahead.

    ``months``: how fast each month of the year is, on the log scale.
    """

    first: int
    clock: Floats
    months: Floats

    def between(self, begin: Ints, end: Ints) -> Floats:
        """Return the time that passes from the end of one day to the end of another."""
        last = len(self.clock) - 1
        at = [np.clip(day - self.first, 0, last) for day in (begin, end)]
        return np.asarray(self.clock[at[1]] - self.clock[at[0]])

    def after(self, begin: Ints, time: float) -> Ints:
        """Return the day by whose end so much time has passed."""
        now = self.clock[np.clip(begin - self.first, 0, len(self.clock) - 1)]
        return self.first + np.searchsorted(self.clock, now + time - 1e-6)


def fit_pace(past: Past, stays: Stays, quarter_phase: int) -> Pace:
    """Measure the pace of each month of the year; one throughout where history is short."""
    days = np.arange(past.first_day, past.as_of + LONGEST_PATH + 2)
    effects: Floats = np.zeros(12)
    if past.as_of - past.seen_from >= LEAST_DAYS:
        effects = _effects(past, stays, quarter_phase)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return Pace(past.first_day - 1, np.r_[0.0, np.cumsum(np.exp(effects)[month])], effects)


def _effects(past: Past, stays: Stays, quarter_phase: int) -> Floats:
    states, spells = past.states, past.spells
    size = past.as_of - past.first_day + 1
    cause = spells.cause[states.spell[stays.begin]]
    counts = stays.goes_on | (cause == GONE)
    entered, until = states.entered[stays.begin], stays.until
    seen = np.maximum(states.start[stays.begin], past.seen_from - 1)
    names = len(states.stage.names)
    stage = states.stage.codes[stays.begin]
    happened = np.bincount(until[counts] - past.first_day, minlength=size).astype(np.float64)
    expected = np.zeros(size)
    for bin_ in range(len(STAY_BINS) - 1):
        # At risk from the day after the stay begins, and only where it was seen.
        begin = np.clip(np.maximum(entered + STAY_BINS[bin_], seen), None, until)
        close = np.clip(entered + STAY_BINS[bin_ + 1], begin, until)
        here = counts & (until > begin) & (until <= close)
        exposed = np.bincount(stage, weights=close - begin, minlength=names)
        rate = np.bincount(stage[here], minlength=names) / np.maximum(exposed, 1.0)
        change = np.bincount(begin + 1 - past.first_day, weights=rate[stage], minlength=size + 2)
        change -= np.bincount(close + 1 - past.first_day, weights=rate[stage], minlength=size + 2)
        expected += np.maximum(np.cumsum(change)[:size], 0.0)
    expected[expected < 1e-9] = 0.0
    found = month_effects(fit_tempo(past.first_day, happened, expected, quarter_phase))
    return np.asarray(found - found.mean())
