"""Which pipeline a record belongs to when it names none.

The newest one that its history tells, else the only listed one of its kind, else main. A list
without pipelines holds for every pipeline of its kind, and so lists none.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.reference.clock import Clock
from tests.reference.given import Delivery
from tests.reference.landed import Landed, landed_versions

MAIN = "main"


class Pipelines:
    """The pipelines of one source's records."""

    def __init__(self, deliveries: Sequence[Delivery], clock: Clock) -> None:
        self._listed: dict[str, set[str]] = {"deal": set(), "lead": set()}
        for landed in landed_versions(deliveries, "stages"):
            if not landed.is_absent:
                kind = str(landed.row["entity_type"])
                self._listed[kind].add(landed.row.get("pipeline") or MAIN)
        newest: dict[str, Landed] = {}
        for landed in landed_versions(deliveries, "stage_history"):
            newest[landed.record] = landed
        told = [
            (clock.read(landed.row["entered_at"], ends_day=False), landed.place, landed.row)
            for landed in newest.values()
            if not landed.is_absent and landed.row.get("pipeline")
        ]
        self._by_history = {
            (str(row["entity_type"]), str(row["entity_id"])): str(row["pipeline"])
            for _, _, row in sorted(told, key=lambda entry: entry[:2])
        }

    def of_record(self, entity_type: str, record: str, told: str | None) -> str:
        """Return the pipeline of a version that tells ``told``, or none."""
        if told or (told := self._by_history.get((entity_type, record))):
            return told
        listed = self._listed[entity_type]
        return next(iter(listed)) if len(listed) == 1 else MAIN
