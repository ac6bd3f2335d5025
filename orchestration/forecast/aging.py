"""What becomes of deals by their age: rates since their opening, by pipeline, and their tempo.

Piecewise-constant cause-specific hazards; a young pipeline's are lent by the others (gamma-Poisson
shrinkage).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.history import NEVER, Ints
from orchestration.forecast.pace import Pace
from orchestration.forecast.past import Floats, Past
from orchestration.forecast.tempo import Tempo, fit_tempo

AGE_BINS = np.array([0, 4, 8, 15, 22, 31, 46, 61, 76, 91, 121, 151, 185, 271, 366, 731])
# The other pipelines' rates count for a pipeline as much as so many events of its own would.
LENT_EVENTS = 2.0


@dataclass(frozen=True)
class Slopes:
    """How the rate at each age (by bin) moves with the leaning, and the leaning of past days."""

    by_age: Floats
    daily: Floats

    def paces(self) -> Floats:
        """Return by how much each age's rate was above that of no leaning, (bins, days)."""
        return np.asarray(np.exp(self.by_age[:, None] * self.daily[None, :]))


@dataclass(frozen=True)
class Aging:
    """Rates of one cause by pipeline and bin of age: gamma distributed, events over exposure.

    Exposure is time on the clock of ``tempo``; ``clock`` is its hand at the end of each past day,
    from the day before the first on.
    """

    events: Floats  # (pipelines, bins)
    exposure: Floats
    tempo: Tempo
    clock: Floats
    pace: Pace
    slopes: Slopes | None = None

    def draws(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw rates a day at no leaning, (count, pipelines, bins)."""
        drawn = rng.gamma(self.events[None], size=(count, *self.events.shape))
        return np.asarray(drawn / self.exposure[None])


def fit_aging(
    past: Past, cause: int, pace: Pace, quarter_phase: int, slopes: Slopes | None = None
) -> Aging:
    """Learn the rates of one cause from all spells that are known, and their tempo.

    With ``slopes``, what the leaning explains is no part of the tempo.
    """
    size = past.as_of - past.first_day + 1
    paces = slopes.paces() if slopes else np.ones((len(AGE_BINS) - 1, size))
    paces = paces * np.diff(pace.clock[: size + 1])
    borders = _borders(past, pace)
    events, exposure = _by_age(past, cause, paces, borders)
    rates = events / exposure
    spells = past.spells
    pipeline = spells.dimensions["pipeline"].codes
    expected = np.zeros(size)
    for age in range(len(AGE_BINS) - 1):
        begin, close = borders[age], borders[age + 1]
        rate = rates[pipeline, age]
        change = np.bincount(begin + 1 - past.first_day, weights=rate, minlength=size + 2)
        change -= np.bincount(close + 1 - past.first_day, weights=rate, minlength=size + 2)
        expected += np.maximum(np.cumsum(change)[:size], 0.0) * paces[age]
    expected[expected < 1e-9] = 0.0
    ended = (spells.cause == cause) & (spells.end < NEVER)
    happened = np.bincount(spells.end[ended] - past.first_day, minlength=size).astype(np.float64)
    tempo = fit_tempo(past.first_day, happened, expected, quarter_phase, slopes is not None)
    daily = tempo.mean(np.arange(past.first_day, past.as_of + 1))
    clock = np.r_[0.0, np.cumsum(daily)]
    return Aging(*_by_age(past, cause, paces * daily, borders), tempo, clock, pace, slopes)


def _borders(past: Past, pace: Pace) -> list[Ints]:
    """Return the day on which each spell reaches each border of age, within what is seen of it."""
    spells = past.spells
    stop = np.minimum(spells.end, past.as_of)
    since = np.minimum(past.seen_from - 1, stop)
    return [np.clip(pace.after(spells.start - 1, float(age)), since, stop) for age in AGE_BINS]


def _by_age(past: Past, cause: int, paces: Floats, borders: list[Ints]) -> tuple[Floats, Floats]:
    """Return events and time at risk by pipeline and bin of age, with what is lent.

    ``paces`` (bins, days): how much time counts.
    """
    spells = past.spells
    pipeline = spells.dimensions["pipeline"]
    count, bins = len(pipeline.names), len(AGE_BINS) - 1
    base = past.first_day - 1
    stop = np.minimum(spells.end, past.as_of)
    events, exposure = np.zeros((count, bins)), np.zeros((count, bins))
    ended = (spells.cause == cause) & (spells.end < NEVER)
    for age in range(bins):
        clock = np.r_[0.0, np.cumsum(paces[age])]
        begin, close = borders[age], borders[age + 1]
        exposure[:, age] = np.bincount(
            pipeline.codes, weights=clock[close - base] - clock[begin - base], minlength=count
        )
        here = ended & (stop > begin) & (stop <= close)
        events[:, age] = np.bincount(pipeline.codes[here], minlength=count)
    rate = (events.sum(axis=0) + 0.1) / (exposure.sum(axis=0) + 30.0)
    return events + LENT_EVENTS, exposure + LENT_EVENTS / rate[None, :]
