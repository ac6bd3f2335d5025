"""The deals of the generated company: which lead they come of, whose they are, what is left.

How they walk through the stages stands in ``deal_journeys``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample import office_time as t
from orchestration.sample.amounts import first_amounts
from orchestration.sample.deal_journeys import Plans, deal_journeys
from orchestration.sample.history import NONE, Flags, Floats, History, Ints
from orchestration.sample.lead_journeys import DEAL_FATE, Leads
from orchestration.sample.roster import (
    PRODUCTS,
    REGION_CURRENCIES,
    REGION_NAMES,
    REGION_SHARES,
    Roster,
    customers,
)
from orchestration.sample.stage_lists import OPEN_STAGES


@dataclass(frozen=True)
class Deals:
    """Deals by number, in the order of their creation, as they stand at the cut."""

    created: Ints  # local seconds
    lead: Ints  # number of the lead or NONE
    source: Ints
    region: Ints
    currency: Ints
    account: Ints
    product: Ints
    owner: Ints
    next_owner: Ints  # owner from `handed_over` on
    handed_over: Ints  # local seconds, NONE: never before the cut
    removed: Ints  # local seconds, NONE: still there
    merged_into: Ints  # number of the deal or NONE
    loss_reason: Ints
    last_row: Ints  # place of the last history row

    def __len__(self) -> int:
        """Return the number of deals."""
        return len(self.created)

    def owners_at(self, deals: Ints, at: Ints) -> Ints:
        """Return who owned these deals at these moments."""
        handed = self.handed_over[deals]
        later = (handed != NONE) & (at >= handed)
        return np.where(later, self.next_owner[deals], self.owner[deals])


def sold(
    rng: np.random.Generator,
    roster: Roster,
    leads: Leads,
    size: int,
    first_day: int,
    last_day: int,
    company_deals: int,
) -> tuple[Deals, History]:
    """Return ``size`` deals, those of the leads among them, and their history in time order."""
    cut = (last_day + 1) * t.DAY
    origin = np.flatnonzero((leads.fate == DEAL_FATE) & (leads.ended < cut))
    direct = size - len(origin)
    created = np.concatenate(
        [
            leads.ended[origin],
            t.arrivals(
                rng, direct, first_day, last_day, by_weekday=c.DEAL_WEEKDAYS, any_hour_share=0.0
            ),
        ]
    )
    order = np.argsort(created, kind="stable")
    lead = np.concatenate([origin, np.full(direct, NONE)])[order]
    created = created[order]
    linked = lead != NONE
    source = np.where(linked, leads.source[lead], t.draw_codes(rng, c.DIRECT_SOURCE_SHARES, size))
    source[~linked & (rng.random(size) < c.NO_SOURCE_SHARE)] = NONE
    region = np.where(linked, leads.region[lead], t.draw_codes(rng, REGION_SHARES, size))
    owner = roster.assigned(rng, region, created // t.DAY)
    pipeline = t.draw_codes(rng, c.PIPELINE_SHARES, size)
    currency = REGION_CURRENCIES[region]
    amount, round_amount, z = first_amounts(rng, pipeline, currency)
    won = rng.random(size) < _win_chances(pipeline, source, roster.skill[owner], z)

    plans = Plans(created, pipeline, won, amount, round_amount, roster.optimism[owner])
    history = deal_journeys(rng, plans, cut)
    removed, merges = _removals(rng, created, cut)
    gone = removed[history.entity]
    history = history.taken((history.at < cut) & ((gone == NONE) | (history.at < gone))).in_order()
    last_row = history.last_rows(size)
    position = history.position[last_row]
    closed = position >= OPEN_STAGES[history.pipeline[last_row]]
    lost = position == OPEN_STAGES[history.pipeline[last_row]] + 1
    ends = np.minimum(np.where(removed != NONE, removed, cut), cut)
    ends = np.where(closed, history.at[last_row], ends)
    next_owner, handed_over = _hand_overs(rng, roster, owner, created, ends)
    account = customers(rng, region, company_deals)
    merged_into = _survivors(region, removed, merges)
    account = np.where(merged_into != NONE, account[merged_into], account)
    reason = t.draw_codes(rng, c.LOSS_REASON_SHARES, size)
    known = lost & (rng.random(size) >= c.NO_LOSS_REASON_SHARE)
    deals = Deals(
        created=created,
        lead=lead,
        source=source,
        region=region,
        currency=currency,
        account=account,
        product=rng.integers(0, len(PRODUCTS), size),
        owner=owner,
        next_owner=next_owner,
        handed_over=handed_over,
        removed=removed,
        merged_into=merged_into,
        loss_reason=np.where(known, reason, NONE),
        last_row=last_row,
    )
    return deals, history


def _win_chances(pipeline: Ints, source: Ints, skill: Floats, z: Floats) -> Floats:
    """Return each deal's chance to be won; their mean by pipeline is the calibrated win rate."""
    effect = np.append(c.SOURCE_WIN_LOGIT, 0.0)[source] + skill + c.AMOUNT_WIN_LOGIT * z
    chance = np.zeros(len(pipeline))
    for code, rate in enumerate(c.WIN_RATES):
        rows = np.flatnonzero(pipeline == code)
        low, high = -10.0, 10.0
        for _ in range(40):  # bisection: the mean grows with the intercept
            middle = (low + high) / 2
            chance[rows] = 1 / (1 + np.exp(-(middle + effect[rows])))
            if len(rows) and chance[rows].mean() < rate:
                low = middle
            else:
                high = middle
    return chance


def _removals(rng: np.random.Generator, created: Ints, cut: int) -> tuple[Ints, Flags]:
    """Draw when deals are deleted or merged away before the cut, and which of them are merged."""
    chance = rng.random(len(created))
    drawn = np.flatnonzero(chance < c.DELETED_SHARE + c.MERGED_SHARE)
    removed = np.full(len(created), NONE, dtype=np.int64)
    at = t.moments_after(
        rng, created[drawn], rng.lognormal(np.log(c.REMOVAL_DAYS), 1.0, len(drawn))
    )
    removed[drawn] = np.where(at < cut, at, NONE)
    return removed, chance < c.MERGED_SHARE


def _survivors(region: Ints, removed: Ints, merges: Flags) -> Ints:
    """Return the deal into which each merged one went: the last one before it that stays.

    It is of the same region, so of the same currency. Without such a deal there is no merge and
    the removal is a plain deletion.
    """
    survivor = np.full(len(region), NONE, dtype=np.int64)
    for code in range(len(REGION_NAMES)):
        rows = np.flatnonzero(region == code)
        staying = np.where(removed[rows] == NONE, rows, NONE)
        before = np.maximum.accumulate(staying) if len(rows) else staying
        survivor[rows] = np.where(merges[rows] & (removed[rows] != NONE), before, NONE)
    return survivor


def _hand_overs(
    rng: np.random.Generator, roster: Roster, owner: Ints, created: Ints, ends: Ints
) -> tuple[Ints, Ints]:
    """Return the next owner and when the deal went to them, before it ``ends``."""
    next_owner = roster.successor[owner]
    at = t.moments_after(rng, created, (ends - created) / t.DAY * rng.random(len(owner)))
    handed = rng.random(len(owner)) < c.HANDED_OVER_SHARE
    left_on = roster.left_on[owner]
    leaves = left_on != NONE
    # Who leaves gives all open deals away on that morning, or had given them away before.
    farewell = left_on * t.DAY + t.OFFICE_OPENS
    at = np.where(leaves & (~handed | (at > farewell)), farewell, at)
    valid = (handed | leaves) & (at > created) & (at < ends) & (next_owner != owner)
    return next_owner, np.where(valid, at, NONE)
