"""The way of each deal through the stages, with what its rep writes down on the way.

One step of the loop moves every deal that is still on its way once. What a deal is (owner,
customer, outcome) is drawn in ``deals``; how a close date or an amount changes stands in
``close_dates`` and ``amounts``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample import amounts, close_dates
from orchestration.sample import calibration as c
from orchestration.sample import office_time as t
from orchestration.sample.history import NONE, Flags, Floats, History, Ints
from orchestration.sample.stage_lists import OPEN_STAGES, true_win_chances

TRUE_CHANCES = true_win_chances()
# Room that a deal needs to be reopened and walk to its end again.
REOPENED_UNTIL = c.STAGE_CHANGES_AT_MOST - 8


@dataclass(frozen=True)
class Plans:
    """What is settled about each deal when it is opened."""

    created: Ints  # local seconds
    pipeline: Ints
    won: Flags  # how the first run of open stages ends
    amount: Ints  # cents, NONE: never known
    round_amount: Flags  # in tens
    optimism: Floats  # percentage points added to the rep's opinions


def deal_journeys(rng: np.random.Generator, plans: Plans, cut: int) -> History:
    """Return the history of all deals: stage changes, and rows that change a field only.

    Rows at ``cut`` (local seconds) or later may be among them; the walk of a deal ends there.
    """
    walk = _Walk(rng, plans, cut)
    for change in range(2, c.STAGE_CHANGES_AT_MOST + 1):
        if not len(walk.walking):
            break
        walk.step(change)
    return History.joined(walk.rows)


class _Walk:
    """State of all deals; ``walking`` are the numbers of those whose way goes on."""

    def __init__(self, rng: np.random.Generator, plans: Plans, cut: int) -> None:
        self.rng, self.plans, self.cut = rng, plans, cut
        size = len(plans.created)
        self.walking: Ints = np.arange(size)
        self.entered = plans.created.copy()  # the stage of now
        self.last = plans.created.copy()  # row
        self.pipeline = plans.pipeline.copy()
        self.won = plans.won.copy()
        self.position = _by_pipeline(rng, self.pipeline, c.START_SHARES)
        self.exit = np.maximum(self._exits(self.walking), self.position)
        self.pace = rng.lognormal(0, c.PACE_SIGMA, size)
        wavering = rng.random(size) < c.WAVERING_SHARE
        self.back_share = np.where(wavering, c.WAVERING_BACK_SHARE, c.BACK_SHARE)
        # The change of stage by which a deal comes to the other pipeline, if it is open then.
        self.moves = np.where(rng.random(size) < c.MOVED_SHARE, rng.integers(2, 5, size), 0)
        self.amount = plans.amount.copy()
        late = rng.random(size) < c.LATE_AMOUNT_SHARE
        self.amount_from = np.where(late, c.LATE_AMOUNT_POSITIONS[self.pipeline], 0)
        self.neglected = rng.random(size) < c.NEGLECTED_SHARE
        self.silent = rng.random(size) < c.NO_OPINION_SHARE
        self.expected = close_dates.first_guess(rng, plans.created, self.pipeline)
        self.rows: list[History] = []
        self._write(self.walking, plans.created)

    def step(self, change: int) -> None:
        """Make the ``change``-th change of stage (creation is the first) of all walking deals."""
        rng, deals = self.rng, self.walking
        was, count = self.position[deals], OPEN_STAGES[self.pipeline[deals]]
        was_open = was < count
        position = self._next_open(deals)
        # The way must end within the allowed changes.
        closes = (position == NONE) | (was_open & (change >= c.STAGE_CHANGES_AT_MOST))
        moved = was_open & ~closes & (self.moves[deals] == change)
        closes &= was_open
        won = self.won[deals]
        position = np.where(closes, np.where(won, count, count + 1), position)
        at = self._moments(deals, closes, was_open)
        self._push_dates(deals[was_open], at[was_open])

        going = at < self.cut
        deals, at, position = deals[going], at[going], position[going]
        closes, moved, was_open = closes[going], moved[going], was_open[going]
        self._reopen(deals[~was_open], at[~was_open])
        position[~was_open] = self.position[deals[~was_open]]
        self._move(deals[moved])
        position[moved] = self.position[deals[moved]]
        self.position[deals] = position
        self.entered[deals] = self.last[deals] = at
        self._change_fields(deals, at, closes)
        self._write(deals, at)

        rate = np.where(self.won[deals], c.REOPENED_AFTER_WIN_SHARE, c.REOPENED_AFTER_LOSS_SHARE)
        again = closes & (rng.random(len(deals)) < rate) & (change <= REOPENED_UNTIL)
        self.walking = deals[~closes | again]

    def _exits(self, deals: Ints) -> Ints:
        """Draw the stage from which deals are closed."""
        won = self.won[deals]
        last = np.zeros(len(deals), dtype=np.int64)
        for outcome, shares in ((True, c.WIN_SHARES), (False, c.LOSS_SHARES)):
            rows = np.flatnonzero(won == outcome)
            last[rows] = _by_pipeline(self.rng, self.pipeline[deals[rows]], shares)
        return last

    def _next_open(self, deals: Ints) -> Ints:
        """Draw the next open stage, NONE where the deal closes."""
        rng, size = self.rng, len(deals)
        was, last = self.position[deals], self.exit[deals]
        skip = rng.random(size) < c.SKIP_SHARES[self.pipeline[deals]]
        forward = was + 1 + skip * (1 + (rng.random(size) < c.SKIP_TWO_SHARE))
        back = (was > 0) & (rng.random(size) < self.back_share[deals])
        backward = np.maximum(was - 1 - (rng.random(size) < c.BACK_TWO_SHARE), 0)
        ahead = np.where(was >= last, NONE, np.minimum(forward, last))
        return np.where(back, backward, ahead)

    def _moments(self, deals: Ints, closes: Flags, was_open: Flags) -> Ints:
        """Draw when the next change happens."""
        rng, size = self.rng, len(deals)
        pipeline, won, entered = self.pipeline[deals], self.won[deals], self.entered[deals]
        position = np.minimum(self.position[deals], OPEN_STAGES[pipeline] - 1)
        median = np.choose(pipeline, [days[np.minimum(position, len(days) - 1)]
                                      for days in c.STAY_DAYS])  # fmt: skip
        rest = np.where(won, c.REOPENED_AFTER_WIN_DAYS, c.REOPENED_AFTER_LOSS_DAYS)
        stay = np.where(was_open, median * self.pace[deals], rest)
        stay = stay * rng.lognormal(0, c.STAY_SIGMA, size)
        forgotten = rng.random(size) < c.TAIL_SHARE
        stay[forgotten] *= 1 + rng.pareto(c.TAIL_EXPONENT, int(forgotten.sum()))
        stay[closes & ~won] *= c.LOSS_STAY_FACTOR

        at = t.moments_after(rng, entered, stay)
        drawn = np.flatnonzero(closes)
        wait = np.where(won, c.QUARTER_WAIT_SHARE[True], c.QUARTER_WAIT_SHARE[False])
        pull = np.where(won, c.QUARTER_PULL_SHARE[True], c.QUARTER_PULL_SHARE[False])
        at[drawn] = t.drawn_to_quarter_end(rng, at[drawn], entered[drawn], wait[drawn], pull[drawn])
        expires = (
            was_open
            & (position == c.EXPIRING_POSITIONS[pipeline])
            & (stay > c.EXPIRY_DAYS)
            & (rng.random(size) < c.EXPIRY_SHARE)
        )
        at[expires] = t.expiries_after(rng, entered[expires], c.EXPIRY_DAYS)
        same = was_open & ~closes & (rng.random(size) < c.SAME_INSTANT_SHARE)
        at[same] = entered[same]
        return at

    def _push_dates(self, deals: Ints, until: Ints) -> None:
        """Push expected dates that pass before ``until``, each push a row of the same stage."""
        kept_up = ~self.neglected[deals] & (self.expected[deals] != NONE)
        deals, until = deals[kept_up], np.minimum(until[kept_up], self.cut)
        for _ in range(c.PUSHES_AT_MOST):
            if not len(deals):
                return
            at = close_dates.push_moments(self.rng, self.expected[deals], self.last[deals])
            in_time = at < until
            deals, until, at = deals[in_time], until[in_time], at[in_time]
            self.expected[deals] = close_dates.pushed(self.rng, at)
            shrinks = self.rng.random(len(deals)) < c.PUSH_SHRINKS_SHARE
            self._scale(deals[shrinks], self.rng.uniform(0.7, 0.97, int(shrinks.sum())))
            self.last[deals] = at
            self._write(deals, at)

    def _reopen(self, deals: Ints, at: Ints) -> None:
        """Open closed deals again, in the stage they were closed from or one before it."""
        rng, size = self.rng, len(deals)
        rate = np.where(self.won[deals], c.REOPENED_WIN_WON_SHARE, c.REOPENED_LOSS_WON_SHARE)
        self.position[deals] = np.maximum(self.exit[deals] - rng.integers(0, 2, size), 0)
        self.won[deals] = rng.random(size) < rate
        self.exit[deals] = np.maximum(self._exits(deals), self.position[deals])
        self.expected[deals] = close_dates.pushed(rng, at)

    def _move(self, deals: Ints) -> None:
        """Bring open deals to the same relative place of the other pipeline."""
        old = self.pipeline[deals]
        ratio = self.position[deals] / (OPEN_STAGES[old] - 1)
        self.pipeline[deals] = 1 - old
        place = np.rint(ratio * (OPEN_STAGES[1 - old] - 1)).astype(np.int64)
        self.position[deals] = place
        self.exit[deals] = np.maximum(self._exits(deals), place)

    def _change_fields(self, deals: Ints, at: Ints, closes: Flags) -> None:
        """Change amounts and expected dates along with the stage."""
        rng, size = self.rng, len(deals)
        changes = ~closes & (rng.random(size) < c.AMOUNT_CHANGE_SHARE)
        self._scale(
            deals[changes],
            rng.lognormal(c.AMOUNT_CHANGE_MEAN, c.AMOUNT_CHANGE_SIGMA, int(changes.sum())),
        )
        won = closes & self.won[deals]
        discounted = won & (rng.random(size) < c.DISCOUNT_SHARE)
        self._scale(deals[discounted], rng.uniform(*c.DISCOUNT_RANGE, int(discounted.sum())))
        redated = ~closes & (self.expected[deals] != NONE) & (rng.random(size) < c.REDATED_SHARE)
        self.expected[deals[redated]] = close_dates.redated(
            rng, self.expected[deals[redated]], at[redated]
        )
        dated = won | (closes & (rng.random(size) < c.LOST_DATE_SET_SHARE))
        self.expected[deals[dated]] = at[dated] // t.DAY

    def _scale(self, deals: Ints, factor: Floats) -> None:
        self.amount[deals] = amounts.scaled(
            self.amount[deals], factor, self.plans.round_amount[deals]
        )

    def _write(self, deals: Ints, at: Ints) -> None:
        """Write a row of each deal as it stands."""
        pipeline, position = self.pipeline[deals], self.position[deals]
        # What was entered once stays, also when the deal goes back.
        known = position >= self.amount_from[deals]
        self.amount_from[deals[known]] = 0
        self.rows.append(
            History(
                deals,
                at,
                pipeline.astype(np.int8),
                position.astype(np.int8),
                np.where(known, self.amount[deals], NONE),
                self.expected[deals],
                self._opinions(deals, pipeline, position),
            )
        )

    def _opinions(self, deals: Ints, pipeline: Ints, position: Ints) -> Ints:
        """Return the chance (%) that the rep enters: too high, in steps of five."""
        rng, count = self.rng, OPEN_STAGES[pipeline]
        truth = 100 * TRUE_CHANCES[pipeline, np.minimum(position, count - 1)]
        opinion = (
            truth
            + c.OPINION_BIAS
            + self.plans.optimism[deals]
            + c.OPINION_SENSE * np.where(self.won[deals], 1, -1)
            + rng.normal(0, c.OPINION_SIGMA, len(deals))
        )
        steps = np.clip(np.rint(opinion / 5) * 5, 5, 95).astype(np.int64)
        steps[self.silent[deals]] = NONE
        return np.where(position < count, steps, np.where(position == count, 100, 0))


def _by_pipeline(rng: np.random.Generator, pipeline: Ints, shares: tuple[Floats, Floats]) -> Ints:
    codes = np.zeros(len(pipeline), dtype=np.int64)
    for code, share in enumerate(shares):
        rows = np.flatnonzero(pipeline == code)
        codes[rows] = t.draw_codes(rng, share, len(rows))
    return codes
