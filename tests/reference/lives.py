"""A deal through time: where it stood at any instant, in which place, and what it held.

What is made of it, period by period, belongs to ``waterfall`` and ``close_date_moves``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.reference.clock import Clock
from tests.reference.days import is_removed, stage_since
from tests.reference.owners import Owners
from tests.reference.states import Telling, state_at
from tests.reference.transitions import Transition

THE_SOURCE = "(the source)"
MICROSECOND = timedelta(microseconds=1)
Place = dict[str, str]


@dataclass(frozen=True)
class Standing:
    """A deal at an instant: open, won, lost, removed or, before its creation, nothing."""

    status: str | None
    amount: object
    currency: object
    expected: object
    place: Place

    @property
    def is_open(self) -> bool:
        """Whether it is in the pipeline."""
        return self.status == "open"


@dataclass(frozen=True)
class Life:
    """One deal with a dated past; ``told`` and ``transitions`` end at the reported day's end."""

    deal: str
    transitions: Sequence[Transition]
    told: Sequence[Telling]
    lead_source: str | None
    region: str | None
    owners: Owners
    clock: Clock

    @property
    def created_on(self) -> date:
        """The business day of its creation."""
        return self.clock.day_of(self.transitions[0].transitioned_at)

    def instants(self, first: datetime, last: datetime) -> list[datetime]:
        """Return when something happened or was told between two instants (inclusive)."""
        times = {t.transitioned_at for t in self.transitions} | {t.at for t in self.told}
        return sorted(at for at in times if first <= at <= last)

    def at(self, at: datetime) -> Standing:
        """Return where the deal stood once all of an instant had happened."""
        past = [t for t in self.transitions if t.transitioned_at <= at]
        state = state_at(self.told, at)
        owner = state.get("owner")
        team, owner_region = self.owners.team_and_region(owner, self.clock.day_of(at))
        return Standing(
            status_after(past),
            state.get("amount"),
            state.get("currency"),
            state.get("expected_close_date"),
            {
                "all": "all",
                "source_name": THE_SOURCE,
                "pipeline": past[-1].pipeline if past else "unknown",
                "owner": str(owner) if owner else "unknown",
                "team": team or "unknown",
                "lead_source": self.lead_source or "unknown",
                "region": self.region or owner_region or "unknown",
            },
        )

    def at_end_of(self, day: date) -> Standing:
        """Return where the deal stood at the end of a business day."""
        return self.at(self.clock.end_of(day))

    def before(self, at: datetime) -> Standing:
        """Return where the deal stood just before an instant."""
        return self.at(at - MICROSECOND)


def status_after(past: Sequence[Transition]) -> str | None:
    """Return what a deal is after its transitions so far."""
    if not past:
        return None
    return "removed" if is_removed(past) else stage_since(past).to_category
