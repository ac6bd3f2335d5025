"""The methods that ``model`` is judged beside: configured rates, measured paths, and last year.

Each returns what ``simulate`` needs, or totals directly; none learns anything by regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from orchestration.forecast.amounts import Pool, mean_won_amounts
from orchestration.forecast.history import NEVER, Ints
from orchestration.forecast.measured import Measured
from orchestration.forecast.past import Coded, Floats, Past
from orchestration.forecast.simulate import Outlook
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.windows import Segments, Window

# Deals that arrived within this many days tell the rate at which deals will arrive.
ARRIVAL_DAYS = 365
SURE = Pool(np.array([1.0]), np.array([1.0]))
# Standard normal values that stand for the distribution of the naive method.
NAIVE_POINTS = np.array([NormalDist().inv_cdf((point + 0.5) / 200) for point in range(200)])
# Earlier windows that the naive rule's errors are measured on; its error before any is measured,
# relative to what it says, and for how many measurements that counts.
NAIVE_ERRORS = 12
PRIOR_ERROR, PRIOR_ERRORS = 0.5, 2.0


def configured_outlook(past: Past, open_rows: Ints, segments: Segments) -> Outlook:
    """Return each deal won with its stage's configured rate on its expected close date.

    An overdue deal is expected on the first day ahead; an undated one only in the pipeline.
    """
    states = past.states
    rate = np.nan_to_num(states.win_rate[open_rows]).astype(np.float32)
    due = states.expected[open_rows] - past.as_of
    dated = states.expected[open_rows] < NEVER
    edges = segments.edges
    last = len(edges) - 2
    at = np.clip(np.searchsorted(edges, np.maximum(due, 1), side="left") - 1, 0, last)
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
    span = max(min(ARRIVAL_DAYS, past.as_of - past.first_day + 1), 1)
    recent = spells.start > past.as_of - ARRIVAL_DAYS
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


def naive_totals(past: Past, windows: Sequence[Window], coded: Coded) -> Floats:
    """Return totals, (points, values, windows), at the points of ``NAIVE_POINTS``.

    What was won in the same days a year before, else in the last such window that is over; null
    where history reaches neither. Its range is normal, from the rule's own past errors.
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
        if window.start is None or window.end is None:
            continue
        length = window.end - window.start + 1
        said = _naive(clock, past, window.start, length, past.as_of)
        if said is None:
            continue
        errors = []
        for back in range(1, NAIVE_ERRORS + 1):
            start = past.as_of + 1 - length - (back - 1) * max(length // 2, 15)
            earlier = _naive(clock, past, start, length, start - 1)
            if start < past.first_day or earlier is None:
                break
            came = _between(clock, past, start, length)
            errors.append(np.stack([came - earlier, earlier]))
        prior = PRIOR_ERRORS * np.square(PRIOR_ERROR * said)
        squares = sum((np.square(error[0]) for error in errors), prior)
        spread = np.sqrt(squares / (len(errors) + PRIOR_ERRORS))
        totals[:, :, number] = said + NAIVE_POINTS[:, None] * spread
    return totals


def _naive(clock: Floats, past: Past, start: int, length: int, known: int) -> Floats | None:
    year_before = start - 365
    if year_before >= past.first_day and year_before + length - 1 <= known:
        return _between(clock, past, year_before, length)
    last = known + 1 - length
    if last >= past.first_day:
        return _between(clock, past, last, length)
    return None


def _between(clock: Floats, past: Past, start: int, length: int) -> Floats:
    begin = start - past.first_day
    total: Floats = clock[:, begin + length] - clock[:, begin]
    return total
