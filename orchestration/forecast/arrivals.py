"""Deals that do not exist yet: when they come, and when how many of them are won.

Arrivals by pipeline are a Poisson process with the tempo of ``tempo``; of a deal that arrives, the
chance to be won by age comes from piecewise-constant cause-specific hazards since its opening, a
young pipeline's lent by the others (gamma-Poisson shrinkage).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.history import NEVER, Ints
from orchestration.forecast.past import GONE, WON, Coded, Floats, Past
from orchestration.forecast.tempo import Tempo, fit_tempo

AGE_BINS = np.array([0, 4, 8, 15, 22, 31, 46, 61, 76, 91, 121, 151, 185, 271, 366, 731])
# The other pipelines' rates count for a pipeline as much as so many events of its own would.
LENT_EVENTS = 2.0
# Who brings the deals to come: those of the last year, older ones counting half each half year.
CARRIER_DAYS, CARRIER_HALF_LIFE = 365, 120
FEWEST_CARRIERS = 30


@dataclass(frozen=True)
class Arrivals:
    """The law of deals to come, by pipeline (rows of the arrays)."""

    as_of: int
    season: Tempo
    levels: list[tuple[float, Tempo | None]]
    won_events: Floats  # (pipelines, bins)
    won_exposure: Floats
    gone_events: Floats
    gone_exposure: Floats

    def wins_ahead(
        self, rng: np.random.Generator, won_tempo: Floats, draws: int, horizon: int
    ) -> Floats:
        """Draw the rates at which deals to come are won, (draws, pipelines, days ahead).

        ``won_tempo`` (draws, days) is the tempo of winning on the same draws.
        """
        rates = np.zeros((draws, len(self.levels), horizon))
        season = self.season.draws(rng, draws, horizon)
        won = rng.gamma(self.won_events[None], size=(draws, *self.won_events.shape))
        won /= self.won_exposure[None]
        gone = rng.gamma(self.gone_events[None], size=(draws, *self.gone_events.shape))
        gone /= self.gone_exposure[None]
        bins = np.searchsorted(AGE_BINS, np.arange(horizon), side="right") - 1
        for pipeline, (per_day, tempo) in enumerate(self.levels):
            if per_day <= 0:
                continue
            coming = season if tempo is None else tempo.draws(rng, draws, horizon)
            wins, ends = won[:, pipeline][:, bins], gone[:, pipeline][:, bins]
            total = wins + ends
            before = np.cumsum(total, axis=1) - total
            density = wins / total * np.exp(-before) * (1 - np.exp(-total))
            size = 2 * horizon
            spectrum = np.fft.rfft(coming * per_day, size, axis=1) * np.fft.rfft(
                density, size, axis=1
            )
            through = np.fft.irfft(spectrum, size, axis=1)[:, :horizon]
            rates[:, pipeline] = np.maximum(through, 0.0) * won_tempo[:, :horizon]
        return rates


def fit_arrivals(past: Past, won_tempo: Tempo, quarter_phase: int) -> Arrivals:
    """Learn arrivals and what becomes of them from all spells that are known."""
    spells = past.spells
    pipeline = spells.dimensions["pipeline"]
    count = len(pipeline.names)
    size = past.as_of - past.first_day + 1
    since = np.clip(spells.start - past.first_day, 0, size - 1)
    daily = np.bincount(since, minlength=size).astype(np.float64)
    season = fit_tempo(past.first_day, daily, np.full(size, max(daily.mean(), 1e-9)), quarter_phase)
    levels: list[tuple[float, Tempo | None]] = []
    for code in range(count):
        mine = since[pipeline.codes == code]
        if not len(mine):
            levels.append((0.0, None))
        elif count == 1:
            levels.append((float(daily.mean()), None))
        else:
            begin = int(mine.min())
            own = np.bincount(mine - begin, minlength=size - begin).astype(np.float64)
            levels.append(
                (
                    float(own.mean()),
                    fit_tempo(
                        past.first_day + begin, own, np.full(len(own), own.mean()), quarter_phase
                    ),
                )
            )
    clock = np.r_[0.0, np.cumsum(won_tempo.mean(np.arange(past.first_day, past.as_of + 1)))]
    plain = np.arange(size + 1, dtype=np.float64)
    won = _by_age(past, pipeline, WON, clock)
    gone = _by_age(past, pipeline, GONE, plain)
    return Arrivals(past.as_of, season, levels, *_lent(*won), *_lent(*gone))


def _by_age(past: Past, pipeline: Coded, cause: int, clock: Floats) -> tuple[Floats, Floats]:
    """Return events and time at risk by pipeline and bin of age."""
    spells = past.spells
    count, bins = len(pipeline.names), len(AGE_BINS) - 1
    base = past.first_day - 1
    start = np.maximum(spells.start, past.first_day) - 1
    stop = np.minimum(spells.end, past.as_of)
    events, exposure = np.zeros((count, bins)), np.zeros((count, bins))
    ended = (spells.cause == cause) & (spells.end < NEVER)
    for age in range(bins):
        begin = np.minimum(start + AGE_BINS[age], stop)
        close = np.minimum(start + AGE_BINS[age + 1], stop)
        exposure[:, age] = np.bincount(
            pipeline.codes, weights=clock[close - base] - clock[begin - base], minlength=count
        )
        here = ended & (stop > start + AGE_BINS[age]) & (stop <= start + AGE_BINS[age + 1])
        events[:, age] = np.bincount(pipeline.codes[here], minlength=count)
    return events, exposure


def _lent(events: Floats, exposure: Floats) -> tuple[Floats, Floats]:
    """Add to each pipeline's events and exposure some of all pipelines' together."""
    rate = (events.sum(axis=0) + 0.1) / (exposure.sum(axis=0) + 30.0)
    return events + LENT_EVENTS, exposure + LENT_EVENTS / rate[None, :]


def carriers(past: Past) -> tuple[Ints, Floats]:
    """Return spells that stand for deals to come, with their weights.

    A deal to come has the owner, source and so on of one of them.
    """
    spells = past.spells
    age = past.as_of - spells.start
    chosen = np.flatnonzero(age < CARRIER_DAYS)
    if len(chosen) < FEWEST_CARRIERS:
        chosen = np.arange(len(age))
    return chosen, 0.5 ** (age[chosen] / CARRIER_HALF_LIFE)
