"""Totals of what is won, drawn many times: by segment of days ahead and by dimension value.

The same draws serve every dimension, so that its values add up to ``all`` draw by draw. Only the
drawing belongs here: chances, rates and amounts come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from orchestration.forecast.amounts import Pool
from orchestration.forecast.history import Ints
from orchestration.forecast.past import Floats

# Lots that stand for weights: a table to draw from is far quicker than a search for each draw.
LOTS, LOTS_EACH = 4_096, 8
# Wins with which draws lie apart by the root of two more than if all else were known.
FEW_WINS = 120


@dataclass(frozen=True)
class Outlook:
    """What a method believes. m draws of its parameters, s segments, n open deals, p pipelines.

    ``chances`` (m, s + 1, n): chance to be won by each border of the segments. ``amounts`` (n,):
    null where not known; ``pipeline`` (n,). ``new_wins`` (m, p, s): wins expected of deals to come.
    ``pools`` by pipeline; ``ratios``: what a win brings for one unit of its amount. Carriers are
    whom deals to come resemble: their ``carrier_pipeline`` and ``carrier_weight``.
    """

    chances: npt.NDArray[np.float32]
    amounts: Floats
    pipeline: Ints
    new_wins: Floats
    pools: list[Pool]
    ratios: Pool
    carrier_pipeline: Ints
    carrier_weight: Floats

    def widened(self, wins: int) -> Outlook:
        """Return it with draws of the wins to come as far apart as so many past wins ask for.

        How much rates may vary is itself learned from those wins, and taken as known in each draw:
        a Student distribution is wider than a normal one by as much.
        """
        factor = np.sqrt(1 + FEW_WINS / max(wins, 1))
        rate = self.new_wins.mean(axis=0)
        return replace(self, new_wins=np.maximum(rate + factor * (self.new_wins - rate), 0.0))

    def expected_values(self) -> Floats:
        """Return what each open deal brings if it is won, on average."""
        means = np.array([pool.mean for pool in self.pools] or [0.0])
        known = np.isfinite(self.amounts)
        return np.where(known, self.amounts * self.ratios.mean, means[self.pipeline])

    def expected_open(self) -> Floats:
        """Return the expected amount by segment and open deal, (s, n)."""
        chance = np.diff(self.chances.mean(axis=0, dtype=np.float64), axis=0)
        return np.asarray(chance * self.expected_values()[None, :])

    def expected_new(self) -> Floats:
        """Return the expected amount by segment and carrier, (s, carriers)."""
        means = np.array([pool.mean for pool in self.pools] or [0.0])
        by_pipeline = self.new_wins.mean(axis=0) * means[:, None]
        return np.asarray(by_pipeline[self.carrier_pipeline].T * self.shares()[None, :])

    def shares(self) -> Floats:
        """Return each carrier's share of its pipeline."""
        total = np.bincount(self.carrier_pipeline, weights=self.carrier_weight)
        return self.carrier_weight / total[self.carrier_pipeline]


@dataclass(frozen=True)
class Wins:
    """Drawn wins: in which draw and segment, what they bring, and whose they are.

    ``row`` is the number of the open deal, or of the carrier behind the open deals. A large company
    has tens of millions of them, hence the narrow numbers.
    """

    draws: int
    segments: int
    draw: Ints
    segment: Ints
    value: Floats
    row: Ints

    def totals(self, codes: Ints, size: int) -> Floats:
        """Return totals by draw, dimension value and segment; ``codes`` are those of the rows."""
        of_draw = self.draw.astype(np.int64) * size
        place = (of_draw + codes[self.row]) * self.segments + self.segment
        total = np.bincount(place, weights=self.value, minlength=self.draws * size * self.segments)
        return np.asarray(total.reshape(self.draws, size, self.segments), dtype=np.float64)

    def only(self, rows: npt.NDArray[np.bool_]) -> Wins:
        """Return some of the wins."""
        return Wins(
            self.draws, self.segments, self.draw[rows], self.segment[rows], self.value[rows],
            self.row[rows],
        )  # fmt: skip


def joined_wins(parts: Sequence[Wins]) -> Wins:
    """Return the wins of parts of a company, drawn equally often, as one."""
    if len(parts) == 1:
        return parts[0]
    columns = ("draw", "segment", "value", "row")
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in columns]
    return Wins(parts[0].draws, parts[0].segments, *joined)


def drawn_wins(rng: np.random.Generator, outlook: Outlook, repeats: int) -> Wins:
    """Draw wins, ``repeats`` times for each draw of the parameters."""
    parameter_draws, borders, count = outlook.chances.shape
    segments = borders - 1
    draws = parameter_draws * repeats
    pools = [pool.cumulative(rng, parameter_draws) for pool in outlook.pools]
    ratios = outlook.ratios.cumulative(rng, parameter_draws)
    open_wins = _open_wins(rng, outlook, repeats)
    draw, row, segment = open_wins
    value: Floats = outlook.amounts[row] * outlook.ratios.pick(rng, ratios, draw // repeats)
    for pipeline, pool in enumerate(outlook.pools):
        missing = np.flatnonzero(~np.isfinite(value) & (outlook.pipeline[row] == pipeline))
        value[missing] = pool.pick(rng, pools[pipeline], draw[missing] // repeats)
    parts = [(draw, segment, value, row)]
    for pipeline, pool in enumerate(outlook.pools):
        mine = np.flatnonzero(outlook.carrier_pipeline == pipeline).astype(np.int32)
        if not len(mine):
            continue
        rates = np.repeat(outlook.new_wins[:, pipeline, :], repeats, axis=0)
        wins = rng.poisson(rates)
        place = np.repeat(np.arange(draws * segments, dtype=np.int32), wins.reshape(-1))
        who = mine[_lots(outlook.carrier_weight[mine])]
        who = who[rng.integers(0, len(who), len(place))]
        new_draw = place // segments
        value = pool.pick(rng, pools[pipeline], new_draw // repeats)
        who += np.int32(count)
        parts.append((new_draw, (place % segments).astype(np.int16), value, who))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Wins(draws, segments, *joined)


def _lots(weights: Floats) -> Ints:
    """Return numbers of the weights, each about as often as its weight says: lots to draw from."""
    share = np.cumsum(weights) / weights.sum()
    size = max(LOTS, LOTS_EACH * len(weights))
    return np.searchsorted(share, (np.arange(size) + 0.5) / size)


def _open_wins(rng: np.random.Generator, outlook: Outlook, repeats: int) -> tuple[Ints, Ints, Ints]:
    """Draw which open deals are won and when: draw, deal, segment."""
    found: list[tuple[Ints, Ints, Ints]] = []
    for number, chances in enumerate(outlook.chances):
        uniform = rng.random((repeats, chances.shape[1]), dtype=np.float32)
        repeat, deal = np.nonzero(uniform < chances[-1][None, :])
        reached = uniform[repeat, deal]
        segment = np.zeros(len(deal), dtype=np.int16)
        for border in chances[1:-1]:
            segment += reached >= border[deal]
        draw = (number * repeats + repeat).astype(np.int32)
        found.append((draw, deal.astype(np.int32), segment))
    draw, deal, segment = (np.concatenate(column) for column in zip(*found, strict=True))
    return draw, deal, segment
