"""The semi-Markov paths of every pipeline of a known past, and the rates that they imply.

``stage_paths`` measures one pipeline; here stays are taken from states, and chances are looked up
for many deals at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.history import Flags, Ints
from orchestration.forecast.leaning import Leaning, fit_leaning
from orchestration.forecast.pace import Pace
from orchestration.forecast.past import GONE, OPEN, WON, Floats, Past
from orchestration.forecast.stage_paths import (
    FEWEST_AT_RISK,
    LONGEST_PATH,
    StagePaths,
    measured_paths,
)
from orchestration.forecast.stays import Stays, stays_of

# Deals looked up at once: keeps memory near 50 MB.
CASES_AT_ONCE = 400
# Ages in a stage are told apart by the day up to a month, then ever more roughly.
FINE_AGE, COARSE_STEP = 30, 8
# Ages that stand for a stage as a whole.
TYPICAL_AGES = (0, 7, 15, 30, 60)
# Deals that must have been seen for rates to be half their own; the least that is always lent.
LENT_DEALS, LENT_SHARE = 15.0, 0.02
LEAST_OPEN = 1e-3


@dataclass(frozen=True)
class Measured:
    """Paths by pipeline code; ``place`` maps stage codes to numbers within a pipeline's paths."""

    paths: dict[int, StagePaths]
    places: dict[int, Ints]

    def chances(self, pipeline: Ints, stage: Ints, age: Ints, days: Ints) -> tuple[Floats, Floats]:
        """Return chances to be won, and to end otherwise, by deal and number of days ahead."""
        wide = LONGEST_PATH + 1
        keys = pipeline.astype(np.int64) * (stage.max(initial=0) + 1) + stage
        keys = keys * wide + np.minimum(age, wide - 1)
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        inverse = inverse.reshape(-1)
        # Of deals in one stage that are as long in it, what is said is the same.
        won, gone = np.zeros((2, len(first), len(days)))
        for code, paths in self.paths.items():
            mine = np.flatnonzero(pipeline[first] == code)
            for begin in range(0, len(mine), CASES_AT_ONCE):
                some = mine[begin : begin + CASES_AT_ONCE]
                places = self.places[code][stage[first[some]]]
                here = some[places >= 0]
                won[here], gone[here] = paths.chances(places[places >= 0], age[first[here]], days)
        return won[inverse], gone[inverse]

    def seen(self, pipeline: Ints, stage: Ints, age: Ints) -> Floats:
        """Return how many deals were seen as long in their stage as each of these was."""
        seen = np.zeros(len(stage))
        for code, paths in self.paths.items():
            place = self.places[code][stage]
            mine = np.flatnonzero((pipeline == code) & (place >= 0))
            day = np.clip(age[mine] + 1, 0, LONGEST_PATH)
            seen[mine] = paths.at_risk[place[mine], day]
        return seen

    def rates(
        self, pipeline: Ints, stage: Ints, age: Ints, edges: Ints, average: tuple[float, float]
    ) -> tuple[Floats, Floats]:
        """Return rates a day of being won and of ending otherwise between edges, by deal.

        Where few deals were as long in the stage, the rates are mixed with those of the stage at
        typical ages; where few were in it at all, with ``average``, those of all deals.
        """
        coarse = FINE_AGE + (age - FINE_AGE) // COARSE_STEP * COARSE_STEP
        age = np.where(age > FINE_AGE, coarse, age)
        own = self._implied(pipeline, stage, age, edges)
        typical = [np.zeros_like(own[0]), np.zeros_like(own[0])]
        weight = np.zeros(len(stage))
        for at in TYPICAL_AGES:
            ages = np.full(len(stage), at, dtype=np.int64)
            seen = self.seen(pipeline, stage, ages)
            weight += seen
            for total, part in zip(
                typical, self._implied(pipeline, stage, ages, edges), strict=True
            ):
                total += seen[:, None] * part
        trust = (1 - LENT_SHARE) * (weight / (weight + LENT_DEALS))[:, None]
        near = self.seen(pipeline, stage, age)
        near = (1 - LENT_SHARE) * (near / (near + LENT_DEALS))[:, None]
        both = []
        for exact, total, mean in zip(own, typical, average, strict=True):
            stages = total / np.maximum(weight, 1e-12)[:, None]
            lent = trust * stages + (1 - trust) * mean
            both.append(near * exact + (1 - near) * lent)
        return both[0], both[1]

    def _implied(
        self, pipeline: Ints, stage: Ints, age: Ints, edges: Ints
    ) -> tuple[Floats, Floats]:
        """Return the rates that the chances between edges come to."""
        won, gone = self.chances(pipeline, stage, age, edges)
        still = np.maximum(1 - won - gone, LEAST_OPEN)
        passed = np.log(still[:, :-1] / still[:, 1:]) / np.diff(edges)[None, :]
        passed = np.maximum(passed, 0.0)
        ended = np.diff(won, axis=1) + np.diff(gone, axis=1)
        share = np.divide(
            np.diff(won, axis=1), ended, out=np.zeros_like(ended), where=ended > 1e-12
        )
        return share * passed, (1 - share) * passed


def leaning_of(past: Past, stays: Stays, quarter_phase: int) -> Leaning:
    """Fit how the odds of losing, when a stay ends, have moved."""
    states, spells = past.states, past.spells
    begin = stays.begin
    spell = states.spell[begin]
    ended = stays.goes_on | (spells.cause[spell] != OPEN)
    lost = ~stays.goes_on & (spells.cause[spell] == GONE)
    keys = states.dimensions["pipeline"].codes[begin] * len(states.stage.names)
    _, stage = np.unique(keys + states.stage.codes[begin], return_inverse=True)
    stayed = stays.until - states.entered[begin]
    return fit_leaning(
        past.as_of, quarter_phase, stage.reshape(-1)[ended], stayed[ended], stays.until[ended],
        lost[ended].astype(np.float64),
    )  # fmt: skip


def measure(
    past: Past,
    deals: Flags | None = None,
    fewest: float = FEWEST_AT_RISK,
    half_life: float | None = None,
    stays: Stays | None = None,
    leaning: tuple[Leaning, float] | None = None,
    pace: Pace | None = None,
) -> Measured:
    """Measure each pipeline's paths on every stay in a stage, of ``deals`` (by state) if given.

    Days on which fewer than ``fewest`` deals were still in a stage say nothing. Stays that ended
    ``half_life`` days ago count half. With ``leaning``, paths are those of a time that leans so;
    with ``pace``, days are counted on its clock.
    """
    states, spells = past.states, past.spells
    pipeline = states.dimensions["pipeline"].codes
    if not len(states.start):
        return Measured({}, {})
    stays = stays or stays_of(past)
    begin, after, until = stays.begin, stays.after, stays.until
    goes_on, inside = stays.goes_on, stays.inside
    spell = states.spell[begin]
    cause = spells.cause[spell]
    days = until - states.entered[begin]
    seen = days > 0  # a stay that began today was not seen for a day yet
    if pace is not None:
        passed = pace.between(states.entered[begin], until)
        days = np.maximum(np.rint(passed).astype(np.int64), 1)
    if deals is not None:
        seen &= deals[begin]
    weight = np.ones(len(begin))
    if half_life is not None:
        weight = 0.5 ** ((past.as_of - until) / half_life)
    # What lies before anything was seen to end is no time at risk.
    unseen = np.maximum(np.minimum(past.seen_from - 1, until) - states.entered[begin], 0)
    past_leaning = leaning[0].mean(until) if leaning else np.zeros(len(begin))
    has_ended = goes_on | (cause != OPEN)
    paths: dict[int, StagePaths] = {}
    places: dict[int, Ints] = {}
    for code in np.unique(pipeline):
        mine = np.flatnonzero(seen & (pipeline[begin] == code))
        if not len(mine):
            continue
        own = states.stage.codes[begin[mine]]
        names = np.unique(own)
        place = np.full(len(states.stage.names), -1, dtype=np.int64)
        place[names] = np.arange(len(names))
        size = len(names)
        ending = np.select([cause[mine] == OPEN, cause[mine] == WON], [size + 2, size], size + 1)
        # A stage in which no stay was seen yet, or a move to another pipeline, ends the path.
        following = place[states.stage.codes[after[mine]]]
        target = np.where(inside[mine], np.where(following >= 0, following, size + 2), size + 1)
        target = np.where(goes_on[mine], target, ending)
        texts = tuple(str(states.stage.names[name]) for name in names)
        key = int(code)
        by = 0.0
        if leaning:
            ends = weight[mine] * has_ended[mine]
            usual = float(ends @ past_leaning[mine]) / max(float(ends.sum()), 1e-12)
            by = leaning[1] - usual
        paths[key] = measured_paths(
            texts, place[own], target, days[mine], weight[mine], fewest, by, unseen[mine]
        )
        places[key] = place
    return Measured(paths, places)
