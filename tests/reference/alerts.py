"""Alerts read from the facts, deal by deal and day by day.

What facts should hold is the business of the other modules; here they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil, sqrt
from typing import Any

Row = Mapping[str, Any]
# (alert, since, value, threshold, severity, whether the threshold is learned, on how many)
Alert = tuple[str, date, float, float, str, bool, int]

REMOVALS = ("deleted", "merged", "restored")
Z = 1.959963984540054


@dataclass(frozen=True)
class Limits:
    """The configured thresholds."""

    evidence_deals: int
    stalled_days: int = 30
    pushes: int = 2
    shrunk_rate: float = 0.2
    skipped_stages: int = 0
    disqualify_win_rate: float = 0.15


@dataclass
class Visit:
    """A stay in an open stage; ``days`` up to its end, or to the reported day."""

    stage: str
    days: int
    has_ended: bool
    has_moved_on: bool


@dataclass
class Deal:
    """One deal of one pipeline with its past."""

    row: Row
    days: list[Row] = field(default_factory=list)
    transitions: list[Row] = field(default_factory=list)

    def visits(self, as_of: date) -> list[tuple[str, Visit]]:
        """Return its visits with their pipelines, in order."""
        steps = [t for t in self.transitions if t["transition_type"] not in REMOVALS]
        found = []
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            if step["to_category"] != "open":
                continue
            until = following["transitioned_on"] if following else as_of
            moved_on = following and following["transition_type"] in ("advanced", "skipped", "won")
            visit = Visit(
                step["to_stage"],
                (until - step["transitioned_on"]).days,
                following is not None,
                bool(moved_on),
            )
            found.append((step["pipeline"], visit))
        return found

    def shrunk(self, day: int) -> float | None:
        """Return the share of the highest amount so far that is gone at the end of its n-th day."""
        last = self.days[day]
        seen = [d["amount"] for d in self.days[: day + 1] if d["currency"] == last["currency"]]
        highest = max((amount for amount in seen if amount is not None and amount > 0), default=0)
        if not highest or last["amount"] is None:
            return None
        return significant(float((highest - last["amount"]) / highest))

    def jumps(self, places: Mapping[tuple[str, str], int]) -> list[Row]:
        """Return the entries that jumped over stages and were not walked back behind."""
        path = [
            t
            for t in self.transitions
            if t["transition_type"] not in REMOVALS
            and t["to_category"] == "open"
            and t["pipeline"] == self.row["pipeline"]
        ]
        place = [places[t["pipeline"], t["to_stage"]] for t in path]
        return [
            t
            for number, t in enumerate(path)
            if t["transition_type"] == "skipped" and min(place[number:]) >= place[number]
        ]

    def since(self, holds: Callable[[int], bool]) -> date:
        """Return the first of the last unbroken days on which something holds."""
        first = None
        previous = None
        for number, day in enumerate(self.days):
            if not holds(number):
                first = None
            elif first is None or day["snapshot_date"] != previous + timedelta(days=1):
                first = day["snapshot_date"]
            previous = day["snapshot_date"]
        assert first is not None
        return first


def significant(value: float) -> float:
    """Return a number with 12 significant digits."""
    return float(f"{value:.12g}")


def ninth_decile(values: Sequence[Any]) -> Any:
    """Return the smallest value that nine tenths of the values do not exceed."""
    return sorted(values)[max(ceil(0.9 * len(values) - 1e-9) - 1, 0)]


def wilson_low(won: int, total: int) -> float:
    """Return the lower end of the 95 % Wilson interval."""
    centre = won + Z * Z / 2
    return (centre - Z * sqrt(won * (total - won) / total + Z * Z / 4)) / (total + Z * Z)


def alerts_of(
    deals: Sequence[Deal], stages: Sequence[Row], as_of: date, limits: Limits
) -> dict[str, list[Alert]]:
    """Return the alerts of each deal of one source, by its key."""
    found: dict[str, list[Alert]] = {}
    places = {(s["pipeline"], s["stage"]): s["position"] for s in stages}
    rates = {(s["pipeline"], s["stage"]): s["win_rate"] for s in stages}
    for pipeline in {deal.row["pipeline"] for deal in deals}:
        members = [deal for deal in deals if deal.row["pipeline"] == pipeline]
        for deal in members:
            row = deal.row
            alerts = []
            if row["stage_category"] == "open" and not row["is_deleted"]:
                habits = _habits(members, places, limits)
                alerts = [
                    *_overdue(deal, as_of),
                    *_beyond_habits(deal, habits, places),
                    *_too_long(deal, deals, members, rates, as_of, limits),
                ]
            elif row["is_lost"] and row["closed_on"]:
                alerts = _worth_another_try(deal, members, deals, as_of, limits)
            if alerts:
                found[row["deal_key"]] = sorted(alerts)
    return found


def _closed(deals: Sequence[Deal]) -> list[Deal]:
    return [d for d in deals if (d.row["is_won"] or d.row["is_lost"]) and d.row["closed_on"]]


def _rate(deals: Sequence[Deal]) -> float:
    return significant(sum(d.row["is_won"] for d in deals) / len(deals))


Habits = dict[str, tuple[float, bool, int]]


def _habits(
    members: Sequence[Deal], places: Mapping[tuple[str, str], int], limits: Limits
) -> Habits:
    """Return threshold, whether it is learned, and on how many deals, by alert."""
    won = [deal for deal in _closed(members) if deal.row["is_won"]]
    measured = {
        "pushed": ([d.days[-1]["push_count"] if d.days else 0 for d in won], 1, limits.pushes),
        "shrunk": (
            [s for d in won if d.days and (s := d.shrunk(len(d.days) - 1)) is not None],
            0.1,
            limits.shrunk_rate,
        ),
        "skipped_stage": (
            [sum(j["stages_skipped"] for j in d.jumps(places)) for d in won],
            0,
            limits.skipped_stages,
        ),
    }
    return {
        name: (
            (max(ninth_decile(values), least), True, len(values))
            if len(values) >= limits.evidence_deals
            else (configured, False, len(values))
        )
        for name, (values, least, configured) in measured.items()
    }


def _severity(value: float, threshold: float) -> str:
    return "high" if value > 2 * threshold else "medium"


def _overdue(deal: Deal, as_of: date) -> list[Alert]:
    expected = deal.row["expected_close_date"]
    if expected is None or expected >= as_of:
        return []
    since = expected + timedelta(days=1)
    if deal.days:
        since = deal.since(
            lambda n: (
                deal.days[n]["expected_close_date"] is not None
                and deal.days[n]["expected_close_date"] < deal.days[n]["snapshot_date"]
            )
        )
    late = (as_of - expected).days
    return [("overdue", since, late, 0, "high" if late > 30 else "medium", False, 0)]


def _beyond_habits(
    deal: Deal, habits: Habits, places: Mapping[tuple[str, str], int]
) -> list[Alert]:
    found: list[Alert] = []
    if not deal.days:
        return found
    last = len(deal.days) - 1
    limit, learned, evidence = habits["pushed"]
    pushes = deal.days[last]["push_count"]
    if pushes > limit:
        since = deal.since(lambda n: deal.days[n]["push_count"] > limit)
        found.append(("pushed", since, pushes, limit, _severity(pushes, limit), learned, evidence))
    cut, learned, evidence = habits["shrunk"]
    gone = deal.shrunk(last)
    if gone is not None and gone > cut:
        since = deal.since(lambda n: (deal.shrunk(n) or 0) > cut)
        found.append(("shrunk", since, gone, cut, _severity(gone, cut), learned, evidence))
    usual, learned, evidence = habits["skipped_stage"]
    jumps = deal.jumps(places)
    skipped = sum(jump["stages_skipped"] for jump in jumps)
    if skipped > usual:
        since = jumps[-1]["transitioned_on"]
        found.append(("skipped_stage", since, skipped, usual, "low", learned, evidence))
    return found


def _too_long(
    deal: Deal,
    deals: Sequence[Deal],
    members: Sequence[Deal],
    rates: Mapping[tuple[str, str], Any],
    as_of: date,
    limits: Limits,
) -> list[Alert]:
    """Return the alerts stalled and disqualify."""
    here = (deal.row["pipeline"], deal.row["stage"])
    visits = deal.visits(as_of)
    if not visits or visits[-1][1].has_ended:
        return []
    days = visits[-1][1].days
    progress = [
        visit.days
        for other in deals
        for pipeline, visit in other.visits(as_of)
        if (pipeline, visit.stage) == here and visit.has_moved_on
    ]
    learned = len(progress) >= limits.evidence_deals
    limit = max(ninth_decile(progress), 1) if learned else limits.stalled_days
    if days <= limit:
        return []
    since = as_of - timedelta(days=days - limit - 1)
    found: list[Alert] = [
        ("stalled", since, days, limit, _severity(days, limit), learned, len(progress))
    ]
    stays = []
    for other in deals:
        if other.row["is_won"] or other.row["is_lost"]:
            spent = [
                visit.days
                for pipeline, visit in other.visits(as_of)
                if (pipeline, visit.stage) == here and visit.has_ended
            ]
            if spent:
                stays.append((max(spent), bool(other.row["is_won"])))
    evidence = 0
    chance, low, from_history = rates[here], limits.disqualify_win_rate, False
    for least in sorted({spent for spent, _ in stays if spent <= days}, reverse=True):
        such = [won for spent, won in stays if spent >= least]
        if len(such) >= limits.evidence_deals:
            evidence = len(such)
            if least > limit:
                chance, from_history = significant(sum(such) / len(such)), True
                low = significant(_rate(_closed(members)) / 2)
            break
    if chance is not None and float(chance) < low:
        chance = float(chance)
        severity = "high" if chance <= low / 2 else "medium"
        found.append(("disqualify", since, chance, low, severity, from_history, evidence))
    return found


def _worth_another_try(
    deal: Deal, members: Sequence[Deal], deals: Sequence[Deal], as_of: date, limits: Limits
) -> list[Alert]:
    row = deal.row
    closed = _closed(members)
    alike = [d for d in closed if d.row["lead_source"] == row["lead_source"]]
    if row["lead_source"] is None or len(alike) < limits.evidence_deals:
        return []
    if row["closed_on"] <= as_of - timedelta(days=365):
        return []
    of_account = [d.row for d in deals if d.row["account_key"] == row["account_key"] is not None]
    if any(other["stage_category"] == "open" and not other["is_deleted"] for other in of_account):
        return []
    closings = [other["closed_at"] for other in of_account if other["is_won"]]
    if any(at is not None and at > row["closed_at"] for at in closings):
        return []
    won = sum(d.row["is_won"] for d in alike)
    if significant(wilson_low(won, len(alike))) <= _rate(closed):
        return []
    return [("revive", row["closed_on"], _rate(alike), _rate(closed), "low", True, len(alike))]
