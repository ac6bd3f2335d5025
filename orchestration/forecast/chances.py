"""Chance and time of winning for every open deal, learned with competing risks.

Cause-specific hazards of being won and of ending otherwise (Prentice et al., Biometrics 34, 1978)
on landmark data, on a clock that runs with the tempo of the calendar. The parts stand in
``landmarks``, ``hazards`` and ``tempo``; here they are put together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.hazards import Factor, RateModel, fit_rates
from orchestration.forecast.history import Ints
from orchestration.forecast.landmarks import (
    Cells,
    Lens,
    Rows,
    ahead,
    followed,
    landmark_rows,
    lens_of,
    per_cell,
    sampled,
)
from orchestration.forecast.past import Floats, Past
from orchestration.forecast.tempo import Tempo, fit_tempo

# Landmarks lie this far apart: so many days ahead, each day is seen from exactly one of them.
SEEN_ONCE_DAYS = 30
# Rows from which the tempo is measured.
MOST_TEMPO_ROWS = 60_000


@dataclass(frozen=True)
class Chances:
    """Rates of winning and of ending otherwise, a day, and their tempos."""

    lens: Lens
    won: RateModel
    gone: RateModel
    won_tempo: Tempo
    gone_tempo: Tempo

    def cumulative(
        self, rng: np.random.Generator, rows: Rows, edges: Ints, draws: int
    ) -> tuple[Floats, Floats, Floats]:
        """Return chances to be won by each edge (days ahead; the first is 0).

        Shape (draws, edges, rows), one for each draw of the parameters and of the tempo to come;
        the tempos drawn for winning, (draws, days), beside it; and the chances at the parameters'
        own values, (edges, rows).
        """
        horizon = int(edges[-1])
        cells = ahead(len(rows.day), edges)
        factors = self._factors(rows, cells)
        cuts = np.unique(np.concatenate([cells.bin_after, cells.bin_until]))
        wins = self.won_tempo.draws(rng, draws, horizon)
        ends = self.gone_tempo.draws(rng, draws, horizon)
        effects = (self.won.draws(rng, draws), self.gone.draws(rng, draws))
        drawn = np.empty((draws, len(edges), len(rows.day)), dtype=np.float32)
        place = np.searchsorted(cuts, edges)
        for draw in range(draws):
            drawn[draw] = _won_by(
                self.won.log_rates(effects[0][draw : draw + 1], factors)[0],
                self.gone.log_rates(effects[1][draw : draw + 1], factors)[0],
                _between(wins[draw], cuts), _between(ends[draw], cuts), len(rows.day),
            )[place]  # fmt: skip
        return drawn, wins, effects[0]

    def _factors(self, rows: Rows, cells: Cells) -> list[Factor]:
        return [
            *per_cell(self.lens.deal_factors(rows), cells), *self.lens.lead_factors(rows, cells)
        ]  # fmt: skip


def fit_chances(past: Past, quarter_phase: int) -> Chances:
    """Learn the rates from everything that is known."""
    lens = lens_of(past)
    everything = landmark_rows(past)
    rows = sampled(past, everything)
    cells = followed(past, rows)
    factors = [*per_cell(lens.deal_factors(rows), cells), *lens.lead_factors(rows, cells)]
    near_rows = sampled(past, everything, MOST_TEMPO_ROWS)
    near = followed(past, near_rows, SEEN_ONCE_DAYS)
    near_factors = [
        *per_cell(lens.deal_factors(near_rows), near), *lens.lead_factors(near_rows, near)
    ]  # fmt: skip
    fitted = []
    for events, near_events in ((cells.won, near.won), (cells.gone, near.gone)):
        weight = _distinct(past, rows, cells, events) / max(float(events.sum()), 1.0)
        clock = np.arange(past.as_of - past.first_day + 2, dtype=np.float64)
        model = fit_rates(factors, events, _passed(past, clock, cells), weight)
        tempo = _tempo(past, model, near_factors, near, near_events, quarter_phase)
        days = np.arange(past.first_day, past.as_of + 1)
        clock = np.r_[0.0, np.cumsum(tempo.mean(days))]
        model = fit_rates(factors, events, _passed(past, clock, cells), weight)
        tempo = _tempo(past, model, near_factors, near, near_events, quarter_phase)
        fitted.append((model, tempo))
    (won, won_tempo), (gone, gone_tempo) = fitted
    return Chances(lens, won, gone, won_tempo, gone_tempo)


def _passed(past: Past, clock: Floats, cells: Cells) -> Floats:
    """Time that passed on the clock over each cell; its first element is before the first day."""
    base = past.first_day - 1
    return clock[cells.until - base] - clock[cells.after - base]


def _distinct(past: Past, rows: Rows, cells: Cells, events: Floats) -> float:
    spells = past.states.spell[rows.state[cells.row[events > 0]]]
    return max(float(len(np.unique(spells))), 1.0)


def _tempo(
    past: Past, model: RateModel, factors: list[Factor], cells: Cells, events: Floats, phase: int
) -> Tempo:
    """Fit the tempo of the days that are seen from a landmark at most a month before."""
    size = past.as_of - past.first_day + 1
    happened = np.bincount(
        cells.until - past.first_day, weights=events, minlength=size
    )[:size]  # fmt: skip
    rate = np.exp(model.log_rates(model.effects[None, :], factors)[0])
    change = np.bincount(cells.after + 1 - past.first_day, weights=rate, minlength=size + 1)
    change -= np.bincount(cells.until + 1 - past.first_day, weights=rate, minlength=size + 1)
    expected = np.maximum(np.cumsum(change)[:size], 0.0)
    expected[expected < 1e-9] = 0.0
    return fit_tempo(past.first_day, happened, expected, phase)


def _between(tempo: Floats, cuts: Ints) -> Floats:
    """Sum a daily tempo between cuts (days ahead)."""
    clock = np.r_[0.0, np.cumsum(tempo)]
    return np.diff(clock[cuts])


def _won_by(won: Floats, gone: Floats, won_time: Floats, gone_time: Floats, count: int) -> Floats:
    """Return the chance to be won by each cut, (cuts, rows), of log rates a bin and row."""
    wins = np.exp(won).reshape(-1, count) * won_time[:, None]
    ends = np.exp(gone).reshape(-1, count) * gone_time[:, None]
    total = wins + ends
    survived = np.exp(-np.cumsum(np.vstack([np.zeros((1, count)), total]), axis=0))
    share = wins / np.maximum(total, 1e-300)
    by_bin = share * (survived[:-1] - survived[1:])
    return np.vstack([np.zeros((1, count)), np.cumsum(by_bin, axis=0)])
