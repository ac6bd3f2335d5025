"""The methods that ``model`` is judged beside: configured rates, measured paths, and last year.

Each returns what ``simulate`` needs, or totals directly; none learns anything by regression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from orchestration.forecast.amounts import Pool, mean_won_amounts
from orchestration.forecast.history import NEVER, Ints, date_of, day_number
from orchestration.forecast.measured import Measured
from orchestration.forecast.past import Coded, Floats, Past
from orchestration.forecast.simulate import Outlook
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.totals import Totals
from orchestration.forecast.windows import Segments, Window, won_in
from orchestration.marts.periods import add_months

# Deals that arrived within this many days tell the rate at which deals will arrive.
ARRIVAL_DAYS = 365
SURE = Pool(np.array([1.0]), np.array([1.0]))
# Standard normal values that stand for the distribution of the naive method.
NAIVE_POINTS = np.array([NormalDist().inv_cdf((point + 0.5) / 200) for point in range(200)])
# Earlier windows that the naive rule's errors are measured on; its error before any is measured,
# relative to what it says, and for how many measurements that counts.
NAIVE_ERRORS = 12
MONTHS_OF = {"month": 1, "quarter": 3}
PRIOR_ERROR, PRIOR_ERRORS = 0.5, 2.0


def configured_outlook(past: Past, open_rows: Ints, segments: Segments) -> Outlook:
    """Return each deal won with its stage's configured rate on its expected close date.

    An overdue deal is expected today; an undated one only in the pipeline.
    """
    states = past.states
    rate = np.nan_to_num(states.win_rate[open_rows]).astype(np.float32)
    due = states.expected[open_rows] - past.as_of
    dated = states.expected[open_rows] < NEVER
    edges = segments.edges
    last = len(edges) - 2
    at = np.clip(np.searchsorted(edges, np.maximum(due, 0), side="left") - 1, 0, last)
    at = np.where(dated, at, last)
    chances = np.zeros((1, len(edges), len(open_rows)), dtype=np.float32)
    chances[0] = np.where(np.arange(len(edges))[:, None] > at[None, :], rate[None, :], 0.0)
    return _outlook(past, open_rows, chances, np.zeros((1, 0, len(edges) - 1)))


def historical_outlook(
    past: Past, measured: Measured, open_rows: Ints, segments: Segments
) -> Outlook:
    """Return each deal won as the deals that were as long in its stage before.

    New deals arrive at the rate of the last year.
    """
    states, spells = past.states, past.spells
    pipeline = states.dimensions["pipeline"]
    paths = measured.paths
    edges = segments.edges
    ages = np.clip(past.as_of - states.entered[open_rows], 0, LONGEST_PATH)
    won, _ = measured.chances(pipeline.codes[open_rows], states.stage.codes[open_rows], ages, edges)
    chances = np.maximum.accumulate(won.T, axis=0).astype(np.float32)
    new_wins = np.zeros((1, len(pipeline.names), len(edges) - 1))
    span = max(min(ARRIVAL_DAYS, past.as_of - past.seen_from + 1), 1)
    recent = spells.start > past.as_of - span
    arrived = np.bincount(
        spells.dimensions["pipeline"].codes[recent], minlength=len(pipeline.names)
    )
    for code, path in paths.items():
        first = spells.first[(spells.dimensions["pipeline"].codes == code) & (spells.first >= 0)]
        shares = np.bincount(states.stage.codes[first], minlength=len(states.stage.names))
        entries = {
            str(states.stage.names[stage]): float(share / max(len(first), 1))
            for stage, share in enumerate(shares)
            if share
        }
        won_by = np.cumsum(path.chance_from_entry(entries))
        # Created on day d, a deal has the days up to a border: summed over d.
        by_edge = won_by[np.clip(edges - 1, 0, LONGEST_PATH)] * (edges > 0)
        new_wins[0, code] = arrived[code] / span * np.diff(by_edge)
    return _outlook(past, open_rows, chances[None], new_wins)


def _outlook(past: Past, open_rows: Ints, chances: Floats, new_wins: Floats) -> Outlook:
    states, spells = past.states, past.spells
    recent = np.flatnonzero(spells.start > past.as_of - ARRIVAL_DAYS)
    pipelines = states.dimensions["pipeline"]
    if not new_wins.shape[1]:
        new_wins = np.zeros((1, len(pipelines.names), chances.shape[1] - 1))
    means = mean_won_amounts(past)
    pools = [Pool(np.array([mean]), np.array([1.0])) for mean in means]
    return Outlook(
        chances, states.amount[open_rows], pipelines.codes[open_rows], new_wins, pools, SURE,
        spells.dimensions["pipeline"].codes[recent], np.ones(len(recent)),
    )  # fmt: skip


def naive_by_dimension(
    past: Past, windows: Sequence[Window], dimensions: Mapping[str, Coded]
) -> Iterator[Totals]:
    """Yield what the naive method says of one dimension after the other."""
    for dimension, coded in dimensions.items():
        if not len(coded.names):
            continue
        won = won_in(past, windows, coded)
        rest = naive_totals(past, windows, coded)
        yield Totals(
            "naive", dimension, [str(name) for name in coded.names], won, np.zeros_like(won),
            rest.mean(axis=0), np.maximum(rest, 0.0) + won[None], np.zeros(len(won), dtype=bool),
        )  # fmt: skip


def naive_totals(past: Past, windows: Sequence[Window], coded: Coded) -> Floats:
    """Return what the rest of each window brings, (points, values, windows).

    What was won on the same days of the same period a year before, else of the last one that is
    over; null where history reaches neither. The points are those of ``NAIVE_POINTS``: the range is
    normal, from the rule's own past errors.
    """
    spells, won = past.spells, past.won
    size = past.as_of - past.first_day + 1
    values = len(coded.names)
    place = coded.codes[won] * size + np.maximum(spells.end[won] - past.first_day, 0)
    daily = np.bincount(place, weights=np.nan_to_num(spells.amount[won]), minlength=values * size)
    clock = np.zeros((values, size + 1))
    np.cumsum(daily.reshape(values, size), axis=1, out=clock[:, 1:])
    totals = np.full((len(NAIVE_POINTS), values, len(windows)), np.nan)
    for number, window in enumerate(windows):
        found = _same_before(window, past)
        if window.end is None or found is None:
            continue
        length = min(window.end - past.as_of, found[1] - found[0] + 1)
        said = _between(clock, past, found[1] + 1 - length, length)
        squares = PRIOR_ERRORS * np.square(PRIOR_ERROR * said)
        errors = PRIOR_ERRORS
        for back in range(NAIVE_ERRORS):
            start = past.as_of + 1 - length - back * max(length // 2, 15)
            earlier = _naive(clock, past, start, length)
            if start < past.seen_from or earlier is None:
                break
            squares += np.square(_between(clock, past, start, length) - earlier)
            errors += 1
        totals[:, :, number] = said + NAIVE_POINTS[:, None] * np.sqrt(squares / errors)
    return totals


def _same_before(window: Window, past: Past) -> tuple[int, int] | None:
    """Return the days of the same period a year before, else of the last one that is over."""
    if window.start is None or window.end is None:
        return None
    start, length = window.start, window.end - window.start + 1
    months = MONTHS_OF.get(window.period)
    if months is None:
        candidates = [(start - 365, window.end - 365), (past.as_of + 1 - length, past.as_of)]
    else:
        first = date_of(start)
        shifts = [12, *range(months, 12, months)]
        candidates = [
            (
                day_number(add_months(first, -shift)),
                day_number(add_months(first, months - shift)) - 1,
            )
            for shift in shifts
        ]
    known = [days for days in candidates if past.seen_from <= days[0] and days[1] <= past.as_of]
    return known[0] if known else None


def _naive(clock: Floats, past: Past, start: int, length: int) -> Floats | None:
    """Return what the rule says of some past days: a year before, else just before."""
    for before in (start - 365, start - length):
        if before >= past.seen_from and before + length <= start:
            return _between(clock, past, before, length)
    return None


def _between(clock: Floats, past: Past, start: int, length: int) -> Floats:
    begin = start - past.first_day
    total: Floats = clock[:, begin + length] - clock[:, begin]
    return total
