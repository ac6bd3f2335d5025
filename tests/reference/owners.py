"""Teams and regions of owners, as they were on a day. The first version holds backwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tests.reference.clock import Clock
from tests.reference.given import Delivery
from tests.reference.landed import landed_versions
from tests.reference.records import observed_at


class Owners:
    """The owners of one source; who is no longer delivered keeps the last team."""

    def __init__(self, deliveries: Sequence[Delivery], clock: Clock) -> None:
        self._told: dict[str, list[tuple[date, str | None, str | None]]] = {}
        for landed in landed_versions(deliveries, "owners"):
            if not landed.is_absent:
                day = clock.day_of(observed_at(landed, clock))
                told = (day, landed.row.get("team"), landed.row.get("region"))
                self._told.setdefault(str(landed.row["owner_id"]), []).append(told)

    def team_and_region(self, owner: object, day: date) -> tuple[str | None, str | None]:
        """Return an owner's team and region on a day; null where not known."""
        told = self._told.get(str(owner), [])
        if not told:
            return None, None
        past = [version for version in told if version[0] <= day]
        _, team, region = past[-1] if past else told[0]
        return team, region
