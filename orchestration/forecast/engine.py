"""What each method believes of each window and dimension value, from one known past.

The forecast of a night and the backtest of an origin are both made of this; how either is laid out
as a table stands in ``methods`` and ``backtest``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from orchestration.forecast.aging import Aging, Slopes, fit_aging
from orchestration.forecast.amounts import ratio_pool, won_pools
from orchestration.forecast.arrivals import carriers, fit_arrivals
from orchestration.forecast.baselines import (
    ARRIVAL_DAYS,
    configured_outlook,
    historical_outlook,
    naive_by_dimension,
)
from orchestration.forecast.chances import (
    HALF_LIFE_DAYS,
    Chances,
    drift_of,
    fit_chances,
    half_life_of,
)
from orchestration.forecast.history import Flags, Ints
from orchestration.forecast.implied import Implied, fit_implied
from orchestration.forecast.landmarks import Rows, landmark_rows, sampled
from orchestration.forecast.leaning import Leaning
from orchestration.forecast.measured import Measured, leaning_of, measure
from orchestration.forecast.pace import Pace, fit_pace
from orchestration.forecast.past import GONE, WON, Coded, Floats, Past
from orchestration.forecast.simulate import Outlook, drawn_wins, joined_wins
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.stays import Stays, stays_of
from orchestration.forecast.stepping_back import (
    grown_pipelines,
    stepped_back,
    weight_of_paths,
)
from orchestration.forecast.totals import Totals
from orchestration.forecast.windows import (
    Segments,
    Window,
    coded_dimensions,
    values_without,
    won_in,
)

# Draws of the parameters, and simulations for each of them, by the open deals from which on: with
# many, totals vary less and fewer simulations tell as much.
PARAMETER_DRAWS = 50
REPEATS = ((20_000, 2), (1_500, 6), (0, 12))
# A source of fewer wins is not looked at alone.
FEWEST_WINS = 30


@dataclass(frozen=True)
class Part:
    """A share of a company: its engine, and where its open deals and spells are in the whole."""

    engine: Engine
    open: Ints
    spells: Ints


@dataclass(frozen=True)
class Engine:
    """Everything that is forecast from one past for some windows.

    ``quarter_phase``: the month in which fiscal quarters begin, counted from January, modulo three.
    ``scope``: by dimension, values that are to be there besides those of the deals. ``further``:
    days ahead at which chances are wanted, too. ``name``: of the part, where it is one.
    """

    past: Past
    windows: Sequence[Window]
    quarter_phase: int
    scope: Mapping[str, Sequence[str]] = field(default_factory=dict)
    further: Sequence[int] = ()
    name: str = ""

    @cached_property
    def segments(self) -> Segments:
        """Return the days ahead, cut at the windows' borders."""
        return Segments.of(self.windows, self.past.as_of, self.further)

    @cached_property
    def open_rows(self) -> Ints:
        """Return the states of the deals that are open now."""
        return self.past.at(self.past.as_of)

    @cached_property
    def dimensions(self) -> dict[str, Coded]:
        """Return the dimensions of all spells."""
        return coded_dimensions(self.past, self.scope)

    @property
    def whole(self) -> Part:
        """Return everything as one part."""
        return Part(self, np.arange(len(self.open_rows)), np.arange(len(self.past.spells.deal)))

    @property
    def parts(self) -> list[Part]:
        """Return the sources that the model looks at one by one, those of few wins together.

        Each has its own level, tempo, season and drift, and its own beginning.
        """
        # Kept, the whole would refer to itself, and stay in memory when it is not needed any more.
        return self._sources or [self.whole]

    @cached_property
    def _sources(self) -> list[Part]:
        """Return the parts, none where there is only one."""
        source = self.past.spells.dimensions["source_name"]
        wins = np.bincount(source.codes[self.past.won], minlength=len(source.names))
        group = np.where(wins >= FEWEST_WINS, np.arange(len(wins)) + 1, 0)
        if len(np.unique(group)) < 2:
            return []
        of_spell = group[source.codes]
        parts = []
        for number in np.unique(of_spell):
            deals = np.zeros(len(self.past.deal_names), dtype=bool)
            deals[self.past.spells.deal[of_spell == number]] = True
            engine = replace(self, past=self.past.only(deals), scope={}, name=str(number))
            mine = (self.past.states.deal[self.open_rows], self.past.spells.deal)
            parts.append(Part(engine, *(np.flatnonzero(deals[deal]) for deal in mine)))
        return parts

    @cached_property
    def is_learnable(self) -> bool:
        """Whether anything was ever seen to end a month after it was seen to be open."""
        return bool(len(landmark_rows(self.past).day)) and bool(len(self.past.won))

    @cached_property
    def has_wins(self) -> Flags:
        """Return of each spell whether anything was won where it belongs: else no range is told."""
        has_wins = np.zeros(len(self.past.spells.deal), dtype=bool)
        for part in self.parts:
            has_wins[part.spells] = len(part.engine.past.won) > 0
        return has_wins

    @cached_property
    def chances(self) -> Chances:
        """Return the fitted rates of winning and ending."""
        return fit_chances(
            self.past, self.implied, self.won_aging, self.gone_aging, self.quarter_phase
        )

    @cached_property
    def stays(self) -> Stays:
        """Return all stays in a stage."""
        return stays_of(self.past)

    @cached_property
    def pace(self) -> Pace:
        """Return the clock that deals run on."""
        return fit_pace(self.past, self.stays, self.quarter_phase)

    @cached_property
    def leaning(self) -> Leaning:
        """Return how the odds of losing have moved."""
        return leaning_of(self.past, self.stays, self.quarter_phase)

    @cached_property
    def implied(self) -> Implied:
        """Return the rates that paths imply, measured on what still counts."""
        # Where the odds move, their law is known, and rates by age are measured on it.
        half_life = HALF_LIFE_DAYS
        if not self.leaning.change:
            half_life = half_life_of(self.leaning, self.won_aging, self.gone_aging)
        return fit_implied(
            self.past, self.stays, self.leaning, self.pace, half_life, self.quarter_phase
        )

    @cached_property
    def slopes(self) -> tuple[Slopes | None, Slopes | None]:
        """Return how rates by age move with the odds of losing, of either cause."""
        return self.implied.slopes() if self.leaning.change else (None, None)

    @cached_property
    def measured(self) -> Measured:
        """Return the measured paths of all pipelines."""
        return measure(self.past, stays=self.stays)

    @cached_property
    def won_aging(self) -> Aging:
        """Return the rates of being won by age."""
        return fit_aging(self.past, WON, self.pace, self.quarter_phase, self.slopes[0])

    @cached_property
    def gone_aging(self) -> Aging:
        """Return the rates of ending otherwise by age."""
        return fit_aging(self.past, GONE, self.pace, self.quarter_phase, self.slopes[1])

    def parts_of(self, method: str) -> list[Part]:
        """Return what a method looks at apart: the model at every source."""
        return self.parts if method == "model" else [self.whole]

    def outlook(self, method: str) -> Outlook:
        """Return what a method believes of open deals and of deals to come, seen as one."""
        if method == "configured":
            return configured_outlook(self.past, self.open_rows, self.segments)
        if method == "historical" or not self.is_learnable:
            return self.historical
        return self.model_outlook

    @cached_property
    def weight_of_paths(self) -> float:
        """Return how far the model steps back towards the measured paths."""
        if self.leaning.change or drift_of(self.won_aging) or drift_of(self.gone_aging):
            return 0.0
        return weight_of_paths(self.past, self.measured)

    def stepped(
        self, chances: npt.NDArray[np.float32], edges: Ints, values: Floats
    ) -> npt.NDArray[np.float32]:
        """Return chances (draws, edges, open deals) as they are after stepping back.

        ``values`` are what the deals bring.
        """
        if not self.weight_of_paths:
            return chances
        states, rows = self.past.states, self.open_rows
        pipeline = states.dimensions["pipeline"].codes[rows]
        ages = np.clip(self.past.as_of - states.entered[rows], 0, LONGEST_PATH)
        # Without drift there is one set of them, which lets rare ages speak as well.
        paths = self.implied.measured[0]
        won, _ = paths.chances(pipeline, states.stage.codes[rows], ages, edges)
        moved = chances.copy()
        for code in np.flatnonzero(grown_pipelines(self.past)):
            own = pipeline == code
            moved[:, :, own] = stepped_back(
                chances[:, :, own], edges, won[own].T, values[own], self.weight_of_paths,
                len(self.past.won),
            )  # fmt: skip
        return moved

    @cached_property
    def historical(self) -> Outlook:
        """Return what measured paths say."""
        return historical_outlook(self.past, self.measured, self.open_rows, self.segments)

    def mean_chances(self, method: str) -> Floats:
        """Return the chance of each open deal to be won by each border, (borders, deals)."""
        chances = np.zeros((len(self.segments.edges), len(self.open_rows)))
        for part in self.parts_of(method):
            own = part.engine.outlook(method).chances
            chances[:, part.open] = own.mean(axis=0, dtype=np.float64)
        return chances

    def expected_values(self) -> Floats:
        """Return what each open deal brings if it is won, as the model believes."""
        values = np.zeros(len(self.open_rows))
        for part in self.parts:
            values[part.open] = part.engine.outlook("model").expected_values()
        return values

    @cached_property
    def model_outlook(self) -> Outlook:
        """Return what the model believes."""
        past, edges = self.past, self.segments.edges
        rng = self.random("model chances")
        rows = Rows(self.open_rows, np.full(len(self.open_rows), past.as_of))
        # Nothing is won in the first segment, today and before.
        ahead = self.chances.cumulative(rng, rows, edges[1:], PARAMETER_DRAWS)
        chances = np.concatenate([np.zeros_like(ahead[:, :1]), ahead], axis=1)
        arrivals = fit_arrivals(
            past, self.won_aging, self.gone_aging, self.leaning, self.quarter_phase
        )
        # Of the whole pipeline's rest nothing is yet to come.
        last = max(
            (w.days_ahead(past.as_of)[1] for w in self.windows if w.end is not None), default=1
        )
        daily = arrivals.wins_ahead(rng, PARAMETER_DRAWS, max(last, 1))
        clock = np.concatenate([np.zeros((*daily.shape[:2], 1)), np.cumsum(daily, axis=2)], axis=2)
        who, weight = carriers(past)
        spells = past.spells
        pipelines = past.states.dimensions["pipeline"]
        believed = Outlook(
            chances, past.states.amount[self.open_rows], pipelines.codes[self.open_rows],
            np.diff(clock[:, :, np.clip(edges, 0, clock.shape[2] - 1)], axis=2), won_pools(past),
            ratio_pool(past, sampled(past, landmark_rows(past))),
            spells.dimensions["pipeline"].codes[who], weight,
        )  # fmt: skip
        moved = self.stepped(chances, edges, believed.expected_values())
        return replace(believed, chances=moved).widened(len(past.won))

    def carriers(self, method: str) -> Ints:
        """Return the spells that a method's deals to come resemble."""
        if method == "model" and self.is_learnable:
            return carriers(self.past)[0]
        return np.flatnonzero(self.past.spells.start > self.past.as_of - ARRIVAL_DAYS)

    def random(self, name: str) -> np.random.Generator:
        """Return the random numbers of one purpose on this day, the same ones each time."""
        return np.random.default_rng([self.past.as_of, zlib.crc32((name + self.name).encode())])

    def totals(self, method: str) -> Iterator[Totals]:
        """Yield a method's forecast for one dimension after the other."""
        if method == "naive":
            yield from naive_by_dimension(self.past, self.windows, self.dimensions)
            return
        members = self.segments.members
        without_new = np.array([window.start is not None for window in self.windows], dtype=float)
        # Where no period lies, deals to come are nobody's question.
        is_asked = members[without_new > 0].any(axis=0)
        count = len(self.open_rows)
        repeats = next(number for fewest, number in REPEATS if count >= fewest)
        spells = [self.past.states.spell[self.open_rows]]
        drawn, carried = [], []
        from_open = np.zeros((len(self.segments.edges) - 1, count))
        rng = self.random(method)
        for part in self.parts_of(method):
            outlook = part.engine.outlook(method)
            outlook = replace(outlook, new_wins=outlook.new_wins * is_asked)
            behind = sum(len(spell) for spell in spells)
            own = drawn_wins(rng, outlook, repeats * PARAMETER_DRAWS // len(outlook.chances))
            rows = np.r_[part.open, behind + np.arange(len(outlook.carrier_weight))]
            rows = rows.astype(np.int32)
            drawn.append(replace(own, row=rows[own.row]))
            from_open[:, part.open] = outlook.expected_open()
            carried.append(outlook.expected_new())
            spells.append(part.spells[part.engine.carriers(method)])
        wins = joined_wins(drawn)
        from_new = np.concatenate(carried, axis=1)
        spell_of_row = np.concatenate(spells)
        is_open = wins.row < count
        pipeline = [n for n, window in enumerate(self.windows) if window.start is None]
        for dimension, coded in self.dimensions.items():
            size = len(coded.names)
            if not size:
                continue
            codes = coded.codes[spell_of_row]
            won = won_in(self.past, self.windows, coded)
            totals = wins.totals(codes, size) @ members.T + won[None]
            for number in pipeline:
                totals[:, :, number] = wins.only(is_open).totals(codes, size).sum(axis=2)
            by_open = np.stack([np.bincount(codes[:count], row, size) for row in from_open])
            by_new = np.stack([np.bincount(codes[count:], row, size) for row in from_new])
            yield Totals(
                method, dimension, [str(name) for name in coded.names], won,
                (members @ by_open).T, (members @ by_new * without_new[:, None]).T, totals,
                values_without(coded, self.has_wins) & (method != "configured"),
            )  # fmt: skip
