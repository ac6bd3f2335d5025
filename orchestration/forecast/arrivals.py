"""Deals that do not exist yet: when they come, and when how many of them are won.

Arrivals by pipeline are a Poisson process with the tempo of ``tempo``; what becomes of a deal that
arrives is in ``aging``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.aging import AGE_BINS, Aging
from orchestration.forecast.history import Ints
from orchestration.forecast.leaning import Leaning
from orchestration.forecast.past import Floats, Past
from orchestration.forecast.tempo import Tempo, fit_tempo

# Who brings the deals to come: those of the last year, older ones counting half each four months.
CARRIER_DAYS, CARRIER_HALF_LIFE = 365, 120
FEWEST_CARRIERS = 30


@dataclass(frozen=True)
class Arrivals:
    """The law of deals to come: arrivals a day and their tempo by pipeline."""

    per_day: Floats
    tempos: list[Tempo | None]
    won: Aging
    gone: Aging
    leaning: Leaning

    def wins_ahead(self, rng: np.random.Generator, draws: int, horizon: int) -> Floats:
        """Draw the rates at which deals to come are won, (draws, pipelines, days ahead)."""
        rates = np.zeros((draws, len(self.tempos), horizon))
        won, gone = self.won.draws(rng, draws), self.gone.draws(rng, draws)
        won_tempo = self.won.tempo.draws(rng, draws, horizon)
        gone_pace = self.gone.tempo.draws(rng, draws, horizon).mean(axis=1)
        leant = self._leant(draws, horizon)
        # The age on the clock of a deal at the end of each day, by the day on which it comes.
        days = self.won.tempo.until + np.arange(horizon)
        ages = self.won.pace.between(days[:, None], days[None, :] + 1)
        bins = np.clip(np.searchsorted(AGE_BINS, ages, side="right") - 1, 0, len(AGE_BINS) - 2)
        passed = np.maximum(np.diff(ages, axis=1, prepend=0.0), 0.0) * (ages > 0)
        for pipeline, tempo in enumerate(self.tempos):
            if tempo is None:
                continue
            coming = tempo.draws(rng, draws, horizon) * self.per_day[pipeline]
            wins = won[:, pipeline] * leant[0]
            ends = gone[:, pipeline] * leant[1] * gone_pace[:, None]
            for draw in range(draws):
                winning = wins[draw][bins] * passed
                total = winning + ends[draw][bins] * passed
                before = np.cumsum(total, axis=1) - total
                share = np.divide(winning, total, out=np.zeros_like(total), where=total > 0)
                density = share * np.exp(-before) * (1 - np.exp(-total))
                rates[draw, pipeline] = (coming[draw] @ density) * won_tempo[draw]
        return rates

    def _leant(self, draws: int, horizon: int) -> tuple[Floats, Floats]:
        """Return what the leaning halfway multiplies rates by, (draws, bins), of either cause."""
        half = self.leaning.draws(draws, np.array([horizon // 2]))
        likely = self.leaning.mean(np.array([self.leaning.until + horizon // 2]))
        found = []
        for aging in (self.won, self.gone):
            if not aging.slopes:
                found.append(np.ones((draws, 1)))
                continue
            # As with a tempo, draws spread around what is likely, not above it.
            drawn = np.exp(half * aging.slopes.by_age[None])
            found.append(drawn * np.exp(likely * aging.slopes.by_age) / drawn.mean(axis=0))
        return found[0], found[1]


def fit_arrivals(
    past: Past, won: Aging, gone: Aging, leaning: Leaning, quarter_phase: int
) -> Arrivals:
    """Learn how deals of each pipeline arrive, from its first one on."""
    spells = past.spells
    pipeline = spells.dimensions["pipeline"]
    size = past.as_of - past.seen_from + 1
    since = np.minimum(spells.start - past.seen_from, size - 1)
    per_day = np.zeros(len(pipeline.names))
    tempos: list[Tempo | None] = []
    for code in range(len(pipeline.names)):
        mine = since[(pipeline.codes == code) & (since >= 0)]
        if not len(mine):
            tempos.append(None)
            continue
        begin = int(mine.min())
        daily = np.bincount(mine - begin, minlength=size - begin).astype(np.float64)
        per_day[code] = daily.mean()
        expected = np.full(len(daily), daily.mean())
        moving = bool(leaning.change)
        tempos.append(fit_tempo(past.seen_from + begin, daily, expected, quarter_phase, moving))
    return Arrivals(per_day, tempos, won, gone, leaning)


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
