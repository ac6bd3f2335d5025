"""What a company keeps beside its records: owners, stage lists and exchange rates, by time.

A stage's ``key`` and ``number`` never change; its label, position and win rate do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.crm.happenings import Category, EntityType

WON, LOST = "won", "lost"


@dataclass(frozen=True)
class Owner:
    """Someone who owns records, as of one moment; ``manager`` is another owner's number."""

    number: int
    name: str
    email: str
    team: str
    manager: int | None = None
    region: str | None = None
    is_active: bool = True
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Stage:
    """A stage of one pipeline; ``key`` is unique in the pipeline, ``number`` in the company.

    Every pipeline has one closed stage of each category, with the keys ``won`` and ``lost``.
    ``win_rate`` is in percent.
    """

    key: str
    number: int
    label: str
    position: int
    category: Category = "open"
    win_rate: int = 0


@dataclass(frozen=True)
class Pipeline:
    """A pipeline with its stages in order; leads have pipelines too, of statuses."""

    entity_type: EntityType
    key: str
    number: int
    label: str
    position: int
    stages: tuple[Stage, ...]

    def stage(self, key: str) -> Stage:
        """Return a stage by its key. Raises ``KeyError``."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(f"{self.key} has no stage {key}")

    @property
    def open_stages(self) -> list[Stage]:
        """The open stages in order."""
        found = [stage for stage in self.stages if stage.category == "open"]
        return sorted(found, key=lambda stage: stage.position)


@dataclass(frozen=True)
class StageList:
    """All pipelines of the company from ``since`` on."""

    since: datetime
    pipelines: tuple[Pipeline, ...]

    def pipeline(self, entity_type: EntityType, key: str) -> Pipeline:
        """Return a pipeline by its key. Raises ``KeyError``."""
        for pipeline in self.pipelines:
            if (pipeline.entity_type, pipeline.key) == (entity_type, key):
                return pipeline
        raise KeyError(f"no {entity_type} pipeline {key}")

    def of(self, entity_type: EntityType) -> list[Pipeline]:
        """Return the pipelines of leads or of deals, in order."""
        found = [p for p in self.pipelines if p.entity_type == entity_type]
        return sorted(found, key=lambda pipeline: pipeline.position)


@dataclass(frozen=True)
class Rate:
    """Units of ``currency`` for one unit of ``base``, from ``day`` until the next of its kind."""

    day: date
    base: str
    currency: str
    rate: Decimal


def make_pipeline(
    entity_type: EntityType,
    key: str,
    number: int,
    label: str,
    stages: Sequence[tuple[str, str, int]],
    *,
    closed: tuple[str, str] = ("Closed Won", "Closed Lost"),
) -> Pipeline:
    """Return a pipeline from (key, label, win rate) of its open stages, with both closed ones.

    Numbers of stages are made from the pipeline's: 101, 102 … for pipeline 1; closed ones end in
    98 (won) and 99 (lost).
    """
    first = 100 * number
    lines = [
        Stage(stage, first + place, text, place, "open", rate)
        for place, (stage, text, rate) in enumerate(stages, start=1)
    ]
    last = len(lines)
    lines.append(Stage(WON, first + 98, closed[0], last + 1, "won", 100))
    lines.append(Stage(LOST, first + 99, closed[1], last + 2, "lost", 0))
    return Pipeline(entity_type, key, number, label, number, tuple(lines))
