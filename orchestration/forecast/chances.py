"""Chance and time of winning for every open deal, learned with competing risks.

Cause-specific hazards of being won and of ending otherwise (Prentice et al., Biometrics 34, 1978)
on landmark data, on a clock that runs with the tempo of the calendar. The parts stand in
``landmarks``, ``hazards`` and ``tempo``; here they are put together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from orchestration.forecast.aging import Aging
from orchestration.forecast.hazards import Factor, RateModel, fit_rates
from orchestration.forecast.history import Ints
from orchestration.forecast.implied import Implied
from orchestration.forecast.landmarks import (
    Cells,
    Lens,
    Rows,
    ahead,
    followed,
    is_in_season,
    is_like_today,
    landmark_rows,
    lens_of,
    per_cell,
    sampled,
)
from orchestration.forecast.leaning import Leaning
from orchestration.forecast.past import WON, Floats, Past
from orchestration.forecast.sharpening import LEADS, Sharpening, fit_sharpening
from orchestration.forecast.tempo import Tempo, fit_tempo

# Landmarks lie about this far apart: so many days ahead, a day is seen from one of them.
SEEN_ONCE_DAYS = 30
# Rows from which the tempo is measured.
MOST_TEMPO_ROWS = 15_000
# What was seen so many days ago counts half; far fewer where a drift is noticed: rates of a year
# changed by more than two standard deviations, and enough to be felt.
HALF_LIFE_DAYS, HALF_LIFE_IN_DRIFT = 730.0, 150.0
# Rows that chances are judged by, at today's place of their quarter and elsewhere, and what the
# latter count.
MOST_LIKE, MOST_UNLIKE, UNLIKE_WEIGHT = 2_500, 1_500, 0.3
# Deviation of the months' paces (log scale) from which the year has a season.
SEASON_FELT = 0.1
# How much of what two landmarks tell of one event is the same, for how sure effects are (the design
# effect of clusters: Kish, "Survey Sampling", 1965).
SAME_SHARE = 0.5
YEAR_BLOCKS, NOTEWORTHY_DEVIATIONS, NOTEWORTHY_CHANGE = 12, 2.0, 0.15


@dataclass(frozen=True)
class Chances:
    """Rates of winning and of ending otherwise, a day, and their tempos."""

    lens: Lens
    rates: Implied
    won: RateModel
    gone: RateModel
    won_tempo: Tempo
    gone_tempo: Tempo
    sharpening: Sharpening | None = None

    def cumulative(
        self, rng: np.random.Generator, rows: Rows, edges: Ints, draws: int
    ) -> npt.NDArray[np.float32]:
        """Return chances to be won by each edge (days ahead; the first is 0).

        Shape (draws, edges, rows), one for each draw of the parameters and of the tempo to come.
        """
        horizon = int(edges[-1])
        cells, borders = ahead(rows.day, edges, self.lens.quarter_phase)
        factors = self._factors(rows, cells)
        logs = self.rates.log_rates(rows, cells, False)
        likely = self.rates.expected(rows, cells, False)
        known = [[*factors, self.rates.worth(likely, cause)] for cause in (0, 1)]
        cuts = borders[:, 0] if len(rows.day) else np.array([0, horizon])
        leanings = self.rates.leaning.draws(draws, cuts[1:] // 2)
        wins = self.won_tempo.draws(rng, draws, horizon)
        ends = self.gone_tempo.draws(rng, draws, horizon)
        effects = (self.won.draws(rng, draws), self.gone.draws(rng, draws))
        place = np.searchsorted(cuts, edges)

        def won_by(
            base: Floats, effects: tuple[Floats, Floats], daily: tuple[Floats, ...]
        ) -> Floats:
            won, gone = (
                base[cause] + model.log_rates(effects[cause], known[cause])[0]
                for cause, model in enumerate((self.won, self.gone))
            )
            winning, ending = (_between(tempo, cuts) for tempo in daily)
            return _won_by(won, gone, winning, ending, len(rows.day))[place]

        drawn = np.empty((draws + 1, len(edges), len(rows.day)), dtype=np.float32)
        for draw in range(draws):
            base = self.rates.at(logs, np.repeat(leanings[draw], len(rows.day)))
            own = (effects[0][draw : draw + 1], effects[1][draw : draw + 1])
            drawn[draw] = won_by(base, own, (wins[draw], ends[draw]))
        coming = np.arange(self.won_tempo.until + 1, self.won_tempo.until + 1 + horizon)
        drawn[draws] = won_by(
            likely, (self.won.effects[None, :], self.gone.effects[None, :]),
            (self.won_tempo.mean(coming), self.gone_tempo.mean(coming)),
        )  # fmt: skip
        if self.sharpening:
            drawn = self.sharpening.of(drawn, edges, self.lens.waiting(rows, edges))
        # Chances were judged by what is likely: draws spread around that.
        mean = drawn[:draws].mean(axis=0, dtype=np.float64)
        ratio = np.divide(drawn[draws], mean, out=np.ones_like(mean), where=mean > 0)
        around = np.minimum(drawn[:draws] * ratio.astype(np.float32), 1)
        return np.asarray(np.maximum.accumulate(around, axis=1), dtype=np.float32)

    def looking_back(self, rows: Rows) -> Floats:
        """Return what would have been said on past landmarks, (leads, rows).

        A deal's rates come from the paths of the others.
        """
        past, edges = self.lens.past, np.r_[0, LEADS]
        cells, borders = ahead(rows.day, edges, self.lens.quarter_phase)
        factors = self._factors(rows, cells)
        base = self.rates.expected(rows, cells, True)
        logs, times = [], []
        for cause, (model, tempo) in enumerate(
            ((self.won, self.won_tempo), (self.gone, self.gone_tempo))
        ):
            known = [*factors, self.rates.worth(base, cause)]
            logs.append(base[cause] + model.log_rates(model.effects[None, :], known)[0])
            days = np.arange(past.first_day, past.as_of + int(edges[-1]) + 1)
            clock = np.r_[0.0, np.cumsum(tempo.mean(days))]
            at = rows.day[None, :] - past.first_day + 1 + borders
            times.append(np.diff(clock[np.clip(at, 0, len(clock) - 1)], axis=0))
        said = _won_by(logs[0], logs[1], times[0], times[1], len(rows.day))
        place = np.stack([(borders <= lead).sum(axis=0) - 1 for lead in LEADS])
        return np.asarray(np.take_along_axis(said, place, axis=0))

    def _factors(self, rows: Rows, cells: Cells) -> list[Factor]:
        return [
            *per_cell(self.lens.deal_factors(rows), cells), *self.lens.lead_factors(rows, cells)
        ]  # fmt: skip


def fit_chances(
    past: Past, rates: Implied, won_aging: Aging, gone_aging: Aging, quarter_phase: int
) -> Chances:
    """Learn the rates from everything that is known, starting from those that paths imply.

    Past time runs on the clocks of what became of deals by their age.
    """
    lens = lens_of(past, quarter_phase)
    everything = landmark_rows(past)
    rows = sampled(past, everything)
    cells = followed(past, rows, quarter_phase)
    factors = [*per_cell(lens.deal_factors(rows), cells), *lens.lead_factors(rows, cells)]
    near_rows = sampled(past, everything, MOST_TEMPO_ROWS)
    near = followed(past, near_rows, quarter_phase, SEEN_ONCE_DAYS)
    near_factors = [
        *per_cell(lens.deal_factors(near_rows), near), *lens.lead_factors(near_rows, near)
    ]  # fmt: skip
    base = rates.expected(rows, cells, True)
    near_base = rates.expected(near_rows, near, True)
    half_life = half_life_of(rates.leaning, won_aging, gone_aging)
    weight = 0.5 ** ((past.as_of - rows.day[cells.row]) / half_life)
    fitted = []
    for cause, (aging, events, near_events) in enumerate(
        ((won_aging, cells.won, near.won), (gone_aging, cells.gone, near.gone))
    ):
        # Several landmarks tell of one event: together they count once.
        repeated = max(float(events.sum()), 1.0) / _distinct(past, rows, cells, events)
        # An end is somewhere within its day.
        passed = _passed(past, aging.clock, cells, (cells.won + cells.gone) / 2)
        passed = passed * np.exp(base[cause])
        known = [*factors, rates.worth(base, cause)]
        model = fit_rates(known, events * weight / repeated, passed * weight / repeated)
        # Yet what they tell is not all the same: each is at another lead.
        told = repeated / (1 + SAME_SHARE * (repeated - 1))
        model = replace(model, root=model.root * np.sqrt(told))
        effects = model.log_rates(
            model.effects[None, :], [*near_factors, rates.worth(near_base, cause)]
        )
        rate = np.exp(near_base[cause] + effects[0])
        tempo = _tempo(past, rate, near, near_events, quarter_phase, bool(rates.leaning.change))
        fitted.append((model, tempo))
    (won, won_tempo), (gone, gone_tempo) = fitted
    chances = Chances(lens, rates, won, gone, won_tempo, gone_tempo)
    return replace(chances, sharpening=_sharpening(chances, everything))


def _sharpening(chances: Chances, everything: Rows) -> Sharpening:
    past = chances.lens.past
    is_like = is_like_today(past, everything.day)
    parts, weights = [], []
    for chosen, most, counts in ((is_like, MOST_LIKE, 1.0), (~is_like, MOST_UNLIKE, UNLIKE_WEIGHT)):
        of_kind = Rows(everything.state[chosen], everything.day[chosen])
        part = sampled(past, of_kind, most)
        parts.append(part)
        weights.append(np.full(len(part.day), counts * chosen.sum() / max(len(part.day), 1)))
    rows = Rows(*(np.concatenate(column) for column in zip(*map(_columns, parts), strict=True)))
    spells, spell = past.spells, past.states.spell[rows.state]
    until = rows.day[None, :] + LEADS[:, None]
    won = (spells.cause[spell] == WON)[None, :] & (spells.end[spell][None, :] <= until)
    # Several landmarks tell of one deal: together they count once.
    weight = np.concatenate(weights) * len(np.unique(spell)) / max(len(everything.day), 1)
    waiting = chances.lens.waiting(rows, LEADS)
    return fit_sharpening(
        chances.looking_back(rows), won, until <= past.as_of, weight, waiting,
        is_in_season(past, rows.day),
        min(float(chances.rates.pace.months.std()) / SEASON_FELT, 1.0),
    )  # fmt: skip


def _columns(rows: Rows) -> tuple[Ints, Ints]:
    return rows.state, rows.day


def half_life_of(leaning: Leaning, won_aging: Aging, gone_aging: Aging) -> float:
    """Return after how many days the past counts half: a drift that has no law of its own is
    followed by looking at what is recent."""
    drifts = drift_of(won_aging) or drift_of(gone_aging)
    return HALF_LIFE_IN_DRIFT if drifts and not leaning.change else HALF_LIFE_DAYS


def drift_of(aging: Aging) -> float:
    """Return by how much (log scale) a rate changed over a year, 0 where that may be chance."""
    change, deviation = aging.tempo.level_change(YEAR_BLOCKS)
    is_noted = abs(change) > max(NOTEWORTHY_DEVIATIONS * deviation, NOTEWORTHY_CHANGE)
    return change if is_noted else 0.0


def _passed(past: Past, clock: Floats, cells: Cells, missed: Floats) -> Floats:
    """Time that passed on the clock over each cell; its first element is before the first day.

    ``missed``: the share of its last day on which it was not at risk.
    """
    base = past.first_day - 1
    last = clock[cells.until - base] - clock[cells.until - base - 1]
    return np.asarray(clock[cells.until - base] - clock[cells.after - base] - missed * last)


def _distinct(past: Past, rows: Rows, cells: Cells, events: Floats) -> float:
    spells = past.states.spell[rows.state[cells.row[events > 0]]]
    return max(float(len(np.unique(spells))), 1.0)


def _tempo(
    past: Past, rate: Floats, cells: Cells, events: Floats, phase: int, moving: bool
) -> Tempo:
    """Fit the tempo of the days that are seen from a landmark at most a month before."""
    size = past.as_of - past.first_day + 1
    happened = np.bincount(cells.until - past.first_day, weights=events, minlength=size)
    change = np.bincount(cells.after + 1 - past.first_day, weights=rate, minlength=size + 1)
    change -= np.bincount(cells.until + 1 - past.first_day, weights=rate, minlength=size + 1)
    expected = np.maximum(np.cumsum(change)[:size], 0.0)
    expected[expected < 1e-9] = 0.0
    return fit_tempo(past.first_day, happened.astype(np.float64), expected, phase, moving)


def _between(tempo: Floats, cuts: Ints) -> Floats:
    """Sum a daily tempo between cuts (days ahead)."""
    clock = np.r_[0.0, np.cumsum(tempo)]
    return np.diff(clock[cuts])


def _won_by(won: Floats, gone: Floats, won_time: Floats, gone_time: Floats, count: int) -> Floats:
    """Return the chance to be won by each cut, (cuts, rows), of log rates a bin and row.

    Times are those that pass in each bin, for all rows or for each.
    """
    each = (len(won_time), count if won_time.ndim > 1 else 1)
    wins = np.exp(won).reshape(len(won_time), count) * won_time.reshape(each)
    ends = np.exp(gone).reshape(len(gone_time), count) * gone_time.reshape(each)
    total = wins + ends
    survived = np.exp(-np.cumsum(np.vstack([np.zeros((1, count)), total]), axis=0))
    share = wins / np.maximum(total, 1e-300)
    by_bin = share * (survived[:-1] - survived[1:])
    return np.vstack([np.zeros((1, count)), np.cumsum(by_bin, axis=0)])
