"""The leads of the generated company: where they come from, who they are, how they end.

Which deal comes of a converted lead is decided in ``deals``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample import office_time as t
from orchestration.sample.history import NONE, Flags, Floats, History, Ints
from orchestration.sample.roster import REGION_SHARES
from orchestration.sample.stage_lists import LEAD_LIST

PATH_LETTERS = "NCQVD"
DEAL_FATE, HANDED_OVER_FATE, LOST_FATE = 0, 1, 2


@dataclass(frozen=True)
class Leads:
    """Leads by number, in the order of their creation."""

    created: Ints  # local seconds
    fate: Ints  # code of calibration.LEAD_FATES
    ended: Ints  # when the last row of the history happens, also after the cut
    source: Ints
    region: Ints
    score: Ints  # 0-100 or NONE
    bant: Ints  # leads x 4: 1, 0 or NONE
    removed: Ints  # when it is deleted, or NONE

    def __len__(self) -> int:
        """Return the number of leads."""
        return len(self.created)

    def taken(self, rows: Ints) -> Leads:
        """Return the leads of these numbers, numbered anew."""
        return Leads(*(getattr(self, field.name)[rows] for field in fields(self)))


def lead_journeys(
    rng: np.random.Generator, deals_from_leads: int, first_day: int, last_day: int
) -> tuple[Leads, History]:
    """Return the leads of two days' span and their history up to the end of ``last_day``.

    Exactly ``deals_from_leads`` leads become a deal by the end of ``last_day``, fewer only if
    the span is too short for it.
    """
    cut = (last_day + 1) * t.DAY
    # A fifth more than needed: those in work at the cut, and a margin against bad luck.
    pool = int(deals_from_leads / c.LEAD_FATE_SHARES[DEAL_FATE] * 1.2) + 200
    leads, history = _pool(rng, pool, first_day, last_day)
    # All leads are thinned alike, so that the mix of fates at any time of the span stays.
    ready = np.flatnonzero((leads.fate == DEAL_FATE) & (leads.ended < cut))
    wanted = min(deals_from_leads, len(ready))
    kept = rng.random(pool) < (wanted / len(ready) if len(ready) else 1.0)
    kept[ready] = False
    kept[rng.permutation(ready)[:wanted]] = True
    chosen = np.flatnonzero(kept)
    chosen = chosen[np.argsort(leads.created[chosen], kind="stable")]
    number = np.full(pool, NONE, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    history = history.taken(kept[history.entity])
    renumbered = replace(history, entity=number[history.entity])
    return _told(leads.taken(chosen), renumbered, cut)


def _told(leads: Leads, history: History, cut: int) -> tuple[Leads, History]:
    """Leave out what happens at ``cut`` or later, or after a lead's deletion."""
    removed = np.where(leads.removed < cut, leads.removed, NONE)
    gone = removed[history.entity]
    history = history.taken((history.at < cut) & ((gone == NONE) | (history.at < gone)))
    # Nobody has asked a lead that was never touched.
    touched = np.bincount(history.entity, minlength=len(leads)) > 1
    bant = np.where(touched[:, None], leads.bant, NONE)
    return replace(leads, removed=removed, bant=bant), history.in_order()


def _pool(
    rng: np.random.Generator, size: int, first_day: int, last_day: int
) -> tuple[Leads, History]:
    created = t.arrivals(
        rng, size, first_day, last_day,
        by_weekday=c.LEAD_WEEKDAYS, any_hour_share=c.ANY_HOUR_SHARE,
    )  # fmt: skip
    fate = t.draw_codes(rng, c.LEAD_FATE_SHARES, size)
    converts = fate <= HANDED_OVER_FATE
    history, ended = _walked(rng, created, fate)
    removed = np.full(size, NONE, dtype=np.int64)
    deleted = np.flatnonzero(~converts & (rng.random(size) < c.LEAD_DELETED_SHARE))
    removed[deleted] = t.moments_after(
        rng, created[deleted], rng.lognormal(np.log(c.REMOVAL_DAYS), 1.0, len(deleted))
    )
    leads = Leads(
        created=created,
        fate=fate,
        ended=ended,
        source=_sources(rng, converts),
        region=t.draw_codes(rng, REGION_SHARES, size),
        score=_scores(rng, converts),
        bant=_bant(rng, converts),
        removed=removed,
    )
    return leads, history


def _walked(rng: np.random.Generator, created: Ints, fate: Ints) -> tuple[History, Ints]:
    """Walk every lead along a path of its fate; return the history and each lead's last moment."""
    paths: list[str] = []
    first_path: list[int] = []
    shares: list[Floats] = []
    for name in c.LEAD_FATES:
        first_path.append(len(paths))
        shares.append(np.array(list(c.LEAD_PATHS[name].values())))
        paths.extend(c.LEAD_PATHS[name])
    steps = max(map(len, paths))
    table = np.array([[PATH_LETTERS.find(x) for x in p.ljust(steps)] for p in paths])
    path = np.zeros(len(created), dtype=np.int64)
    for code, share in enumerate(shares):
        rows = np.flatnonzero(fate == code)
        path[rows] = first_path[code] + t.draw_codes(rng, share, len(rows))

    everyone = np.arange(len(created))
    now = created.copy()
    parts = [History.bare(everyone, created, LEAD_LIST, table[path, 0])]
    for step in range(1, steps):
        walking = everyone[table[path, step] != NONE]
        stays = rng.lognormal(
            np.log(np.maximum(c.LEAD_STAY_DAYS[table[path[walking], step - 1]], 0.01)),
            c.LEAD_STAY_SIGMA,
        )
        now[walking] = t.moments_after(rng, now[walking], stays)
        position = table[path[walking], step]
        parts.append(History.bare(walking, now[walking], LEAD_LIST, position))
    return History.joined(parts), now


def _sources(rng: np.random.Generator, converts: Flags) -> Ints:
    """Draw sources; converted leads favour the sources that convert well (Bayes' rule)."""
    lift = c.SOURCE_CONVERSION / np.sum(c.SOURCE_SHARES * c.SOURCE_CONVERSION)
    rate = float(c.LEAD_FATE_SHARES[: HANDED_OVER_FATE + 1].sum())
    source = np.full(len(converts), NONE, dtype=np.int64)
    for outcome, weight in ((True, lift), (False, 1 - rate * lift)):
        rows = np.flatnonzero(converts == outcome)
        source[rows] = t.draw_codes(rng, c.SOURCE_SHARES * weight, len(rows))
    source[rng.random(len(converts)) < c.NO_SOURCE_SHARE] = NONE
    return source


def _scores(rng: np.random.Generator, converts: Flags) -> Ints:
    mean = np.where(converts, c.SCORE_MEAN[True], c.SCORE_MEAN[False])
    score = np.clip(np.rint(rng.normal(mean, c.SCORE_SIGMA)), 0, 100).astype(np.int64)
    score[rng.random(len(converts)) < c.NO_SCORE_SHARE] = NONE
    return score


def _bant(rng: np.random.Generator, converts: Flags) -> Ints:
    """Draw the four flags, some of them unknown."""
    chance: Floats = np.where(converts[:, None], c.BANT_MET[True], c.BANT_MET[False])
    flags = (rng.random(chance.shape) < chance).astype(np.int64)
    unknown = rng.random(chance.shape) < c.BANT_UNKNOWN_SHARE
    return np.where(unknown, NONE, flags)
