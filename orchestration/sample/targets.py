"""Targets of the generated company: by quarter for company, teams and owners, by month for all.

They are made from what was won, so that attainment looks like that of a real company; what was
won is counted in ``company``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.sample import calibration as c
from orchestration.sample import office_time as t
from orchestration.sample.history import NONE, Floats, Ints
from orchestration.sample.roster import TEAMS, Roster

Bounds = tuple[int, int]


@dataclass(frozen=True)
class Won:
    """Won amounts in EUR by owner and day of closing: owners x days from ``first_day`` on."""

    first_day: int
    amounts: Floats

    def by_owner(self, bounds: Bounds) -> Floats:
        """Return the sum by owner over an inclusive span of days."""
        low, high = (max(day - self.first_day, 0) for day in (bounds[0], bounds[1] + 1))
        return np.asarray(self.amounts[:, low:high].sum(axis=1))


def targets(rng: np.random.Generator, roster: Roster, won: Won) -> pd.DataFrame:
    """Return one row a period: start and end day number (both inclusive), EUR, owner, team.

    ``owner`` and ``team`` are codes or NONE. Teams add up to the company and owners to their
    team, both but for rounding.
    """
    last_day = won.first_day + won.amounts.shape[1] - 1
    rows: list[tuple[int, int, int, int, int]] = []
    total_by_owner = won.amounts.sum(axis=1)
    plans: dict[int, float] = {}
    for start, end in _quarters(won.first_day, last_day):
        actual = won.by_owner((start, end))
        attainment = rng.uniform(*c.ATTAINMENT_RANGE)
        if end <= last_day and actual.sum() > 0:
            company = actual.sum() / attainment
        else:
            # Not over yet: the year before with growth, else the run rate of the whole span.
            year_before = int(t.quarter_starts(np.array([start]), -4)[0])
            run_rate = total_by_owner.sum() / won.amounts.shape[1] * (end - start + 1)
            company = plans.get(year_before, run_rate) * (1 + c.TARGET_GROWTH_PER_YEAR)
        plans[start] = company
        company = float(np.rint(company / 1_000) * 1_000)
        rows.append((start, end, int(company), NONE, NONE))
        split = company * _shares(roster, actual, total_by_owner, start)
        for team in range(len(TEAMS)):
            members = np.flatnonzero(roster.team == team)
            rows.append((start, end, round(float(split[members].sum())), NONE, team))
            rows.extend(
                (start, end, round(float(split[owner])), int(owner), NONE)
                for owner in members
                if split[owner] > 0
            )
        rows.extend(_months(start, end, company, won))
    return pd.DataFrame(rows, columns=["start", "end", "amount", "owner", "team"])


def _quarters(first_day: int, last_day: int) -> list[Bounds]:
    """Return the quarters from the first full year on to some beyond the last day.

    A span without a full year starts with its first quarter.
    """
    day = np.array([first_day])
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    starts_a_year = bool(month[0] % 12 == 0 and t.month_starts(day)[0] == first_day)
    to_next_year = 4 - int(month[0] % 12) // 3
    start = t.quarter_starts(day, 0 if starts_a_year else to_next_year)
    if start[0] > last_day:
        start = t.quarter_starts(day)
    final = t.quarter_starts(np.array([last_day]), c.TARGET_QUARTERS_AHEAD)[0]
    quarters: list[Bounds] = []
    while start[0] <= final:
        following = t.quarter_starts(start, 1)
        quarters.append((int(start[0]), int(following[0]) - 1))
        start = following
    return quarters


def _shares(roster: Roster, actual: Floats, overall: Floats, start: int) -> Floats:
    """Return each owner's part of a quarter: half as they sold then, half as they always sell."""
    sells = (roster.team != NONE) & ((roster.left_on == NONE) | (roster.left_on > start))
    usual = np.where(sells, roster.weight, 0.0)
    parts = [np.where(sells, x, 0.0) for x in (actual, overall)]
    shares = [x / x.sum() for x in parts if x.sum() > 0] or [usual / usual.sum()]
    return np.asarray(sum(shares) / len(shares))


def _months(start: int, end: int, company: float, won: Won) -> list[tuple[int, int, int, int, int]]:
    """Split a company's quarter over its months: half by plan, half as it came."""
    starts: Ints = np.concatenate([t.month_starts(np.array([start]), k) for k in range(4)])
    months = [(int(starts[k]), int(starts[k + 1]) - 1) for k in range(3)]
    actual = np.array([won.by_owner(bounds).sum() for bounds in months])
    over = end < won.first_day + won.amounts.shape[1] and actual.sum() > 0
    share = c.TARGET_MONTH_SHARES
    if over:
        share = (share + actual / actual.sum()) / 2
    return [
        (low, high, round(float(company * part)), NONE, NONE)
        for (low, high), part in zip(months, share, strict=True)
    ]
