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
from tests.reference.landed import landed_versions
from tests.reference.records import MAIN, observed_at

Pipeline = tuple[str, str]
_BACKWARDS = datetime.min


@dataclass(frozen=True)
class _Listed:
    """A line of a stage list from ``since`` on; without a position the stage is off the list."""

    since: datetime
    position: int | None
    category: str


class StageLists:
    """The stage lists of one source, asked by entity type, pipeline and stage."""

    def __init__(self, deliveries: Sequence[Delivery], rules: Rules, clock: Clock) -> None:
        """Read the delivered lists, and the stages that records and history name."""
        self._rules = rules
        self._clock = clock
        self._listed: dict[Pipeline, dict[str, list[_Listed]]] = {}
        self._seen: dict[Pipeline, list[str]] = {}
        self._read_lists(deliveries)
        self._read_names(deliveries)

    def category(self, entity_type: str, pipeline: str, stage: str) -> str:
        """Return open, won or lost, by the newest list."""
        lines = self._listed.get((entity_type, pipeline), {}).get(stage)
        if lines:
            return [line.category for line in lines if line.position is not None][-1]
        for name, category in self._template(entity_type, pipeline):
            if name == stage:
                return category
        return self._rules.named_categories.get(stage, "open")

    def open_stages(self, entity_type: str, pipeline: str, day: date | None = None) -> list[str]:
        """Return the open stages in order, on a day or (null) by the newest list."""
        own = self._listed.get((entity_type, pipeline), {})
        template = [name for name, _ in self._template(entity_type, pipeline)]
        placed: dict[str, int] = {}
        if own:
            for stage, lines in own.items():
                position = self._position(lines, day)
                if position is not None:
                    placed[stage] = position
        else:
            placed = {name: number for number, name in enumerate(template)}
        listed = sorted(placed, key=lambda stage: (placed[stage], stage))
        later = [s for s in self._seen.get((entity_type, pipeline), []) if s not in placed]
        return [s for s in listed + later if self.category(entity_type, pipeline, s) == "open"]

    def first_open(self, entity_type: str, pipeline: str, day: date | None = None) -> str | None:
        """Return the first open stage, if there is one."""
        stages = self.open_stages(entity_type, pipeline, day)
        return stages[0] if stages else None

    def pipelines(self, entity_type: str) -> list[str]:
        """Return the pipelines that have a list or a record."""
        keys = [*self._listed, *self._seen]
        return sorted({pipeline for kind, pipeline in keys if kind == entity_type})

    def _template(self, entity_type: str, pipeline: str) -> Sequence[tuple[str, str]]:
        return self._rules.templates.get(pipeline, ()) if entity_type == "deal" else ()

    def _position(self, lines: list[_Listed], day: date | None) -> int | None:
        if day is None:
            return lines[-1].position
        end = self._clock.end_of(day)
        past = [line for line in lines if line.since is _BACKWARDS or line.since <= end]
        return past[-1].position if past else None

    def _read_lists(self, deliveries: Sequence[Delivery]) -> None:
        begun: dict[Pipeline, object] = {}
        named: dict[str, tuple[Pipeline, str]] = {}
        for landed in landed_versions(deliveries, "stages"):
            if landed.is_absent:
                key, stage = named[landed.record]
                before = self._listed[key][stage][-1]
                line = _Listed(observed_at(landed, self._clock), None, before.category)
            else:
                key = (str(landed.row["entity_type"]), landed.row.get("pipeline") or MAIN)
                stage = str(landed.row["stage"])
                named[landed.record] = key, stage
                begins = begun.setdefault(key, landed.night) is landed.night
                since = _BACKWARDS if begins else observed_at(landed, self._clock)
                position = int(landed.row["position"] or 0)
                line = _Listed(since, position, str(landed.row["category"]))
            self._listed.setdefault(key, {}).setdefault(stage, []).append(line)

    def _read_names(self, deliveries: Sequence[Delivery]) -> None:
        pipelines: dict[tuple[str, str], str] = {}
        for table, kind, id_column in (("deals", "deal", "deal_id"), ("leads", "lead", "lead_id")):
            for landed in landed_versions(deliveries, table):
                if not landed.is_absent:
                    record = (kind, str(landed.row[id_column]))
                    pipelines[record] = landed.row.get("pipeline") or MAIN
        seen: list[tuple[object, Pipeline, str]] = []
        for table in ("deals", "leads", "stage_history"):
            for landed in landed_versions(deliveries, table):
                row = landed.row
                if landed.is_absent:
                    continue
                if table == "stage_history":
                    record = (str(row["entity_type"]), str(row["entity_id"]))
                    key = (record[0], row.get("pipeline") or pipelines.get(record, MAIN))
                    names = [row["stage"]]
                elif table == "leads":
                    key = ("lead", row.get("pipeline") or MAIN)
                    names = [row.get("created_status"), row["status"]]
                else:
                    key = ("deal", row.get("pipeline") or MAIN)
                    names = [row.get("created_stage"), row["stage"]]
                seen += [(landed.place, key, name) for name in names if name]
        for _, key, name in sorted(seen, key=lambda entry: entry[0]):  # type: ignore[arg-type,return-value]
            known = self._seen.setdefault(key, [])
            if name not in known:
                known.append(name)
