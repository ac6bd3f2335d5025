"""Which pipeline a record belongs to when it names none.

The newest one that its history tells, else the only listed one of its kind, else main. A list
without pipelines holds for every pipeline of its kind, and so lists none.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.reference.clock import Clock
from tests.reference.given import Delivery
from tests.reference.landed import landed_versions, newest_rows
from tests.reference.logs import logged_rows

MAIN = "main"


class Pipelines:
    """The pipelines of one source's records."""

    def __init__(self, deliveries: Sequence[Delivery], clock: Clock) -> None:
        self._listed: dict[str, set[str]] = {"deal": set(), "lead": set()}
        for landed in landed_versions(deliveries, "stages"):
            if not landed.is_absent:
                kind = str(landed.row["entity_type"])
                self._listed[kind].add(landed.row.get("pipeline") or MAIN)
        told = [
            (
                clock.read(landed.row["entered_at"], ends_day=False),
                landed.place,
                (str(landed.row["entity_type"]), str(landed.row["entity_id"])),
                str(landed.row["pipeline"]),
            )
            for landed, _ in newest_rows(deliveries, "stage_history")
            if landed.row.get("pipeline")
        ]
        told += [
            (row.at, row.place, key, row.pipeline)
            for key, rows in logged_rows(deliveries, clock).items()
            for row in rows
            if row.pipeline
        ]
        self._by_history = {
            key: pipeline for _, _, key, pipeline in sorted(told, key=lambda entry: entry[:2])
        }

    def of_record(self, entity_type: str, record: str, told: str | None) -> str:
        """Return the pipeline of a version that tells ``told``, or none."""
        if told or (told := self._by_history.get((entity_type, record))):
            return told
        listed = self._listed[entity_type]
        return next(iter(listed)) if len(listed) == 1 else MAIN
