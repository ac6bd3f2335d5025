"""Stage lists: categories, and the order of open stages on a day.

A pipeline's own list comes first, then its template, then the order of first appearance; stages
that records use and the list lacks follow it. The list of a day is the version of that day, the
first one holding backwards; categories are those of the newest list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.clock import Clock
from tests.reference.given import Delivery, Rules
from tests.reference.landed import landed_versions, newest_rows
from tests.reference.logs import logged_rows
from tests.reference.pipelines import Pipelines
from tests.reference.records import observed_at

# (entity type, pipeline); a list without pipelines has none.
Key = tuple[str, str | None]
_ALWAYS = None


@dataclass(frozen=True)
class _Line:
    """A line of a stage list from ``since`` on; a withdrawn line is off the list."""

    since: datetime | None
    position: int
    category: str
    is_withdrawn: bool = False


class StageLists:
    """The stage lists of one source, asked by entity type, pipeline and stage."""

    def __init__(
        self, deliveries: Sequence[Delivery], rules: Rules, pipelines: Pipelines, clock: Clock
    ) -> None:
        """Read the delivered lists, and the stages that records and history name."""
        self._rules = rules
        self._clock = clock
        self._lists: dict[Key, dict[str, list[_Line]]] = {}
        self._seen: dict[Key, list[str]] = {}
        self._read_lists(deliveries)
        self._read_names(deliveries, pipelines)

    def category(self, entity_type: str, pipeline: str, stage: str) -> str:
        """Return open, won or lost, by the newest list."""
        lines = self._lines(entity_type, pipeline).get(stage)
        return lines[-1].category if lines else self._rules.named_categories.get(stage, "open")

    def order(
        self, entity_type: str, pipeline: str, stage: str, day: date | None = None
    ) -> tuple[int, str]:
        """Return what orders the open stages on a day (null: by the newest list).

        A stage off that day's list keeps the place that it had, or else the first that it got.
        """
        lines = self._lines(entity_type, pipeline)
        if stage in lines:
            past = [line for line in lines[stage] if self._holds(line, day)]
            return (past[-1] if past else lines[stage][0]).position, stage
        unlisted = [
            name
            for name in self._seen.get((entity_type, pipeline), [])
            if name not in lines and self.category(entity_type, pipeline, name) == "open"
        ]
        last = max((line.position for every in lines.values() for line in every), default=0)
        return last + 1 + unlisted.index(stage), stage

    def open_stages(self, entity_type: str, pipeline: str, day: date | None = None) -> list[str]:
        """Return the open stages in order, on a day or (null) by the newest list."""
        lines = self._lines(entity_type, pipeline)
        names = []
        for stage, every in lines.items():
            past = [line for line in every if self._holds(line, day)]
            if past and not past[-1].is_withdrawn:
                names.append(stage)
        seen = self._seen.get((entity_type, pipeline), [])
        names += [stage for stage in seen if stage not in lines]
        return sorted(
            (s for s in names if self.category(entity_type, pipeline, s) == "open"),
            key=lambda stage: self.order(entity_type, pipeline, stage, day),
        )

    def first_open(self, entity_type: str, pipeline: str, day: date | None = None) -> str | None:
        """Return the first open stage, if there is one."""
        stages = self.open_stages(entity_type, pipeline, day)
        return stages[0] if stages else None

    def pipelines(self, entity_type: str) -> list[str]:
        """Return the pipelines that have a record."""
        return sorted({str(pipeline) for kind, pipeline in self._seen if kind == entity_type})

    def _lines(self, entity_type: str, pipeline: str) -> dict[str, list[_Line]]:
        own = self._lists.get((entity_type, pipeline)) or self._lists.get((entity_type, None))
        if own:
            return own
        template = self._rules.templates.get(pipeline, ()) if entity_type == "deal" else ()
        return {
            stage: [_Line(_ALWAYS, position, category)]
            for position, (stage, category) in enumerate(template, start=1)
        }

    def _holds(self, line: _Line, day: date | None) -> bool:
        return line.since is _ALWAYS or day is None or line.since <= self._clock.end_of(day)

    def _read_lists(self, deliveries: Sequence[Delivery]) -> None:
        begun: dict[Key, Delivery] = {}
        named: dict[str, tuple[Key, str]] = {}
        for landed in landed_versions(deliveries, "stages"):
            since = observed_at(landed, self._clock)
            if landed.is_absent:
                key, stage = named[landed.record]
                before = self._lists[key][stage][-1]
                line = _Line(since, before.position, before.category, is_withdrawn=True)
            else:
                key = (str(landed.row["entity_type"]), landed.row.get("pipeline"))
                stage = str(landed.row["stage"])
                named[landed.record] = key, stage
                is_first_list = begun.setdefault(key, landed.night) is landed.night
                position = int(landed.row["position"] or 0)
                line = _Line(
                    _ALWAYS if is_first_list else since, position, str(landed.row["category"])
                )
            self._lists.setdefault(key, {}).setdefault(stage, []).append(line)

    def _read_names(self, deliveries: Sequence[Delivery], pipelines: Pipelines) -> None:
        told: dict[tuple[str, str], str | None] = {}
        seen = []
        for table, kind in (("deals", "deal"), ("leads", "lead")):
            for landed in landed_versions(deliveries, table):
                row = landed.row
                if landed.is_absent:
                    continue
                told[kind, landed.record] = row.get("pipeline")
                pipeline = pipelines.of_record(kind, landed.record, row.get("pipeline"))
                names = (
                    ("created_stage", "stage") if kind == "deal" else ("created_status", "status")
                )
                seen += [
                    (landed.place, (kind, pipeline), name)
                    for column in names
                    if (name := row.get(column))
                ]
        named = [
            ((str(row["entity_type"]), str(row["entity_id"])), place, row.get("pipeline"), stage)
            for landed, place in newest_rows(deliveries, "stage_history")
            for row in [landed.row]
            if (stage := row.get("stage"))
        ]
        named += [
            (key, row.place, row.pipeline, row.stage)
            for key, rows in logged_rows(deliveries, self._clock).items()
            for row in rows
            if row.stage
        ]
        for (kind, entity), place, pipeline, stage in named:
            pipeline = pipeline or pipelines.of_record(kind, entity, told.get((kind, entity)))
            seen.append((place, (kind, pipeline), stage))
        for _, key, name in sorted(seen, key=lambda entry: entry[0]):
            known = self._seen.setdefault(key, [])
            if name not in known:
                known.append(name)
